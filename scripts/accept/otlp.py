"""Parses an OTLP/JSON file with protobuf's own parser into ExportTraceServiceRequest, and back."""

import json
import re
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# The one thing in which OTLP/JSON is not protobuf's JSON: ids are hex, not base64. Both are bytes of the same length.
IDS = ("traceId", "spanId", "parentSpanId")
HEX = re.compile(r"[0-9a-f]+")


def with_ids(value, convert):
    if isinstance(value, list):
        return [with_ids(element, convert) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        key: convert(key, inner) if key in IDS else with_ids(inner, convert) for key, inner in value.items()}


def to_base64(key, text):
    import base64

    length = 16 if key == "traceId" else 8
    if not HEX.fullmatch(text) or len(text) != 2 * length or int(text, 16) == 0:
        raise SystemExit(f"accept: {key} is {text!r}")
    return base64.b64encode(bytes.fromhex(text)).decode()


def to_hex(_, text):
    import base64

    return base64.b64decode(text).hex()


def check(document):
    request = ExportTraceServiceRequest()
    # An unknown field, an enumeration by a wrong name, a number out of range: each is an error here.
    json_format.ParseDict(with_ids(document, to_base64), request)
    again = ExportTraceServiceRequest.FromString(request.SerializeToString())
    back = with_ids(json_format.MessageToDict(again, use_integers_for_enums=True), to_hex)
    if back != document:
        raise SystemExit("accept: protobuf gives back another document")
    return sum(len(scope.spans) for resource in again.resource_spans for scope in resource.scope_spans)


def main(path):
    with open(path, encoding="utf-8") as file:
        documents = [json.loads(line) for line in file] if path.endswith(".jsonl") else [json.load(file)]
    spans = sum(check(document) for document in documents)
    if spans < 1000:
        raise SystemExit(f"accept: only {spans} spans")
    print(f"accept: opentelemetry-proto takes {len(documents)} documents with {spans} spans, there and back")


main(sys.argv[1])
