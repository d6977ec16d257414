"""The guards of chainlab: each a function from a tree to the findings that break its rule."""

from guards import architecture, code, repository, suite

GUARDS = {
    "R1-map": architecture.imports_follow_the_map,
    "R2-handlers": architecture.handlers_are_business_code,
    "R3-pure": architecture.pure_targets_are_pure,
    "R4-records": architecture.instruments_read_the_log,
    "yaml": architecture.only_topology_knows_yaml,
    "access": code.nothing_is_public,
    "concurrency": code.concurrency_is_checked,
    "traps": code.nothing_traps_by_convenience,
    "file-length": code.files_are_short,
    "function-length": code.functions_are_short,
    "documentation": code.top_level_declarations_are_documented,
    "tests": suite.tests_can_fail,
    "hygiene": repository.files_belong_here,
    "formatting": repository.code_is_formatted,
    "settings": repository.compiler_is_strict,
}
