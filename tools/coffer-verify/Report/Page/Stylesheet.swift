/// How the page looks: on light and dark screens, and on paper in black and white.
enum Stylesheet {
    /// - Parameter footer: for the foot of printed pages; letters, digits and plain punctuation only.
    static func markup(footer: String) -> Markup {
        precondition(footer.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && !"\"\\<>&'".utf8.contains($0) }, "the footer is of our own making")
        return "\(screen)\n\(paper)\n@media print { @page { @bottom-left { content: \"\(footer)\"; } } }"
    }

    private static let screen: Markup = """
        :root { color-scheme: light dark; --ink: #1a1c1e; --soft: #565c63; --rule: #c9ced4; --faint: #e6e9ec; --page: #fff; --band: #f5f6f8;
          --good: #1d6b3a; --bad: #a3161b; --unsure: #855300; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --soft: #a2a9b1; --rule: #454b52; --faint: #2e3338; --page: #16181b;
          --band: #1f2226; --good: #74c592; --bad: #ff8d86; --unsure: #e3b35c; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.5rem 4rem; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }
        h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .6rem; }
        h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
        p { margin: 0 0 .6rem; max-width: 46rem; }
        ul, ol { margin: 0 0 .6rem; padding-left: 1.3rem; }
        li { margin-bottom: .2rem; }
        a { color: inherit; text-underline-offset: .15em; }
        code { font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Consolas, monospace; font-size: .82em; overflow-wrap: anywhere; }
        time { white-space: nowrap; }
        .kind { margin: 0; color: var(--soft); }
        .sub { color: var(--soft); overflow-wrap: anywhere; margin: .2rem 0 1.4rem; }
        section { margin-top: 2.2rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
        .verdict { display: grid; grid-template-columns: auto 1fr; gap: 0 1.2rem; margin-top: 0; padding: 1.2rem 1.4rem 1rem;
          border: 2px solid var(--tone); background: var(--band); }
        .verdict.holds { --tone: var(--good); } .verdict.doesNotHold { --tone: var(--bad); } .verdict.unreadable { --tone: var(--unsure); }
        .verdict h2 { font-size: 1.5rem; color: var(--tone); }
        .symbol { margin: 0; width: 2.6rem; height: 2.6rem; border: 2px solid var(--tone); border-radius: 50%; color: var(--tone);
          font-size: 1.5rem; line-height: 2.4rem; text-align: center; font-weight: 700; }
        .exceptions, .warning { border-left: 4px solid var(--unsure); padding-left: .8rem; list-style: none; }
        .columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; }
        dl { margin: 0; }
        dl div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: .25rem 0; border-bottom: 1px solid var(--faint); }
        dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        .table { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.2rem; font-size: .85rem; line-height: 1.35;
          font-variant-numeric: tabular-nums; }
        .narrow table { margin-top: 0; }
        caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
        th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--faint); }
        th:last-child, td:last-child { padding-right: 0; }
        thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
        tfoot td { border-top: 1.5px solid var(--ink); border-bottom: 0; font-weight: 600; }
        .n { text-align: right; white-space: nowrap; } thead .n { white-space: normal; }
        figure { margin: .8rem 0 1.4rem; } figcaption { color: var(--soft); font-size: .85rem; margin-bottom: .3rem; }
        svg { display: block; width: 100%; height: auto; overflow: visible; }
        svg .grid { stroke: var(--faint); } svg .axis { stroke: var(--soft); }
        svg .mark { fill: var(--soft); font-size: 10px; font-variant-numeric: tabular-nums; }
        svg .letter { fill: var(--ink); font-size: 10px; font-weight: 700; }
        svg .bar { fill: var(--ink); } svg .line { fill: none; stroke: var(--ink); stroke-width: 1.4; } svg .total { stroke-width: 2.4; }
        .legend { display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; list-style: none; padding: 0; font-size: .85rem; }
        .sample { display: inline-block; width: 34px; height: 8px; vertical-align: middle; }
        .files { columns: 2; } .narrow { columns: 2; column-gap: 2.5rem; }
        @media (max-width: 42rem) { body { padding: 1rem; } .columns, .verdict { grid-template-columns: 1fr; } dl div { grid-template-columns: 1fr; }
          .files, .narrow { columns: 1; } }
        """

    private static let paper: Markup = """
        @media print {
          @page { size: A4; margin: 15mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); }
            @bottom-left { font: 7pt sans-serif; } @bottom-right { font: 7pt sans-serif; } }
          :root { color-scheme: light; --ink: #000; --soft: #333; --rule: #888; --faint: #ccc; --page: #fff; --band: #fff; --good: #000;
            --bad: #000; --unsure: #000; }
          body { max-width: none; padding: 0; font-size: 9.5pt; }
          section { margin-top: 14pt; padding-top: 8pt; }
          h2, h3, caption, figcaption { break-after: avoid; }
          .verdict, figure, svg, tr, dl div, li, .columns { break-inside: avoid; }
          thead { display: table-header-group; } tfoot { display: table-row-group; }
          tbody tr:first-child, tbody tr:last-child, tfoot tr { break-before: avoid; }
          .table { overflow: visible; } .whole { break-inside: avoid; } table { font-size: 7.8pt; }
          #annex { break-before: page; }
          p { orphans: 3; widows: 3; }
        }
        """
}
