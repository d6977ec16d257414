/// How the report looks: light and dark, narrow and wide, on screen and on paper.
enum ReportStyle {
  static let css = """
    :root { color-scheme: light dark; --ground: #fff; --ink: #1b1f26; --soft: #50586a; --line: #d5d9e0; --band: #cfe3d3; \
    --dot: #0b57b0; --bad: #b3001e; --mark: #1b1f26; --bar: #8fb4de; }
    @media (prefers-color-scheme: dark) { :root { --ground: #14171c; --ink: #e8ebf0; --soft: #aab3c2; --line: #323945; \
    --band: #27472d; --dot: #7db4ff; --bad: #ff7b86; --mark: #e8ebf0; --bar: #35608f; } }
    body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; \
    background: var(--ground); color: var(--ink); }
    h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .6rem; }
    .soft { color: var(--soft); } .claim { font-weight: 600; }
    a { color: var(--dot); } .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
    th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    .plot { width: 100%; min-width: 36rem; max-width: 60rem; margin: .6rem 0; } .plot text { fill: var(--ink); font-size: 12px; }
    .band { fill: var(--band); } .predicted { fill: var(--mark); } .range { fill: var(--dot); } .dot { fill: var(--dot); }
    .bar { fill: var(--bar); } .grid { fill: var(--line); } .plot .head { font-weight: 600; }
    .bar + .range { fill: var(--mark); } .plot .legend { fill: var(--soft); font-size: 11px; }
    .refuted { fill: var(--bad); stroke: var(--mark); stroke-width: 2; }
    .cell { stroke: var(--ground); } .styles { display: flex; flex-wrap: wrap; gap: 1rem; }
    .styles > div { flex: 1 1 26rem; min-width: 0; }
    pre { overflow-x: auto; border: 1px solid var(--line); padding: .5rem; font-size: 12px; line-height: 1.4; }
    @media print { :root { font-size: 12px; } section { break-before: page; } h2 { border: 0; } \
    tr, svg, pre { break-inside: avoid; } .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; } body { max-width: none; font-size: 1rem; } }
    """
}
