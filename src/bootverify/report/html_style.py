"""The look of the HTML report: on a screen by day and by night, on a phone, and on paper."""

COLOURS = {  # each of them is read on `card` and on `page`
    "light": {
        "page": "#f4f5f7",
        "card": "#ffffff",
        "line": "#d9dde3",
        "ink": "#1b2127",
        "soft": "#55606b",
        "link": "#0b57b0",
        "bad": "#b3261e",
        "ok": "#1a6f46",
        "open": "#8a4b00",
    },
    "dark": {
        "page": "#14181c",
        "card": "#1e2328",
        "line": "#3a424a",
        "ink": "#e6e9ec",
        "soft": "#a3adb7",
        "link": "#8ab8ff",
        "bad": "#ff8a80",
        "ok": "#7bd6a5",
        "open": "#ffc069",
    },
}


def _variables(name: str) -> str:
    return ";".join(f"--{use}:{colour}" for use, colour in COLOURS[name].items())


STYLE = f"""
:root{{color-scheme:light dark;{_variables("light")}}}
@media screen and (prefers-color-scheme:dark){{:root{{{_variables("dark")}}}}}
*{{box-sizing:border-box}}
html{{scroll-behavior:smooth}}
body{{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,sans-serif}}
main{{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}}
h1{{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem}}
h2{{font-size:1.15rem;margin:2.4rem 0 .7rem}}
h3{{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}}
p{{margin:.35rem 0}}ul{{margin:.35rem 0;padding-left:1.2rem}}
a{{color:var(--link);overflow-wrap:anywhere}}
.soft,summary,th{{color:var(--soft)}}.answer{{font-size:1.15rem;font-weight:600}}
.violated{{--mark:var(--bad)}}.holds{{--mark:var(--ok)}}.open{{--mark:var(--open)}}
.answer,b[class]{{color:var(--mark,var(--ink))}}
.tally{{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;margin:1.3rem 0;padding:0}}
.tally li{{flex:1 1 7rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .9rem;
border-top:4px solid var(--mark,var(--soft))}}
.tally b{{display:block;font-size:1.6rem;line-height:1.2}}
nav,section{{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.9rem 1.1rem}}
nav ul{{columns:2 18rem;column-gap:2rem}}nav>ul>li{{break-inside:avoid}}nav ul ul{{columns:auto}}
section{{border-left:4px solid var(--mark,var(--soft));margin:.8rem 0;scroll-margin-top:1rem}}
code,pre{{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}}
code{{overflow-wrap:anywhere}}
pre{{background:var(--page);border-radius:.4rem;padding:.8rem;overflow-x:auto;margin:.5rem 0}}
table{{border-collapse:collapse;width:100%;font-size:.93rem}}
td,th{{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}}
th{{font-weight:500}}tr:last-child td{{border-bottom:0}}td{{overflow-wrap:anywhere}}
.facts td:first-child{{white-space:nowrap;width:1%}}
summary{{cursor:pointer;margin-top:.5rem}}.todo{{margin-top:.7rem}}
@media(max-width:40rem){{main{{padding:1.2rem .8rem 3rem}}.facts td{{display:block;border:0;padding:.1rem 0}}
.facts td:first-child{{white-space:normal;width:auto}}.facts tr{{display:block;border-bottom:1px solid var(--line)}}}}
@media print{{body{{background:#fff;font-size:10.5pt}}main{{max-width:none;padding:0}}nav{{display:none}}
section{{break-inside:avoid-page}}h2,h3,summary{{break-after:avoid}}
pre{{white-space:pre-wrap;border:1px solid var(--line)}}
details::details-content{{content-visibility:visible;block-size:auto}}}}
@page{{margin:18mm 15mm}}
"""
