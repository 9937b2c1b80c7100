"""What of HTML and CSS our mails use, and what becomes of it where a mail program does not know it.

Support as caniemail.com has it (npm package caniemail 2.0.2) for Gmail, Outlook and Apple Mail on
every platform. An empty string: supported in all of them. To look again, with a newer package:
CONTRIBUTING.md.
"""

NOTHING = "only looks: nothing is lost"
CLASSES = "the same styles are inline"
WORD = "Outlook on Windows (Word) ignores it"

ELEMENTS = {
    "!doctype": "",
    "html": "Gmail drops it: language and direction stand on the outer table too",
    "head": "",
    "meta": "",
    "title": "",
    "style": f"Gmail's mobile web page drops it; {CLASSES}, and it stays light",
    "body": "replaced by a div: the outer table has the same colours",
    "div": "",
    "table": "",
    "tbody": "",
    "tr": "",
    "td": "",
    "h1": "",
    "h2": "",
    "h3": "",
    "p": "",
    "a": "",
    "img": "blocked until the reader allows it: the name beside it says what it shows",
}

ATTRIBUTES = {
    "align": "",
    "alt": "",
    "border": "",
    "cellpadding": "",
    "cellspacing": "",
    "charset": "",
    "class": f"unused where style is dropped; {CLASSES}",
    "content": "",
    "dir": "",
    "height": "",
    "href": "",
    "lang": "",
    "name": "",
    "role": "Windows Mail, which is no more, reads layout tables as tables",
    "src": "",
    "style": "",
    "valign": "",
    "width": "",
}

PROPERTIES = {
    "background-color": "",
    "border": f"{WORD} beyond 8px and on p and div: ours is thinner and on table cells",
    "border-collapse": "",
    "border-color": "in dark mode only",
    "border-left": "on table cells only, as Word needs it",
    "border-radius": f"{WORD}: square corners",
    "border-right": "on table cells only, as Word needs it",
    "border-top": "on table cells only, as Word needs it",
    "color": "",
    "color-scheme": "light stays light",
    "display": "Word pads the cell around a button instead (mso-padding-alt)",
    "font-family": "the next of the list",
    "font-size": "",
    "font-weight": "only normal and bold are used",
    "line-height": "mso-line-height-rule has Word keep it",
    "margin": "never negative; where auto is not known the table centres itself",
    "max-height": f"{WORD}: the preheader is hidden by mso-hide",
    "max-width": f"{WORD}: a table of 600 stands around the letter for it",
    "mso-hide": "Word's own",
    "mso-line-height-rule": "Word's own",
    "mso-padding-alt": "Word's own",
    "overflow": "Gmail's mobile web page shows the preheader: of one pixel, in the colour of the "
    "paper",
    "padding": f"{WORD} but on table cells: the links there are narrower to press, with a mouse",
    "supported-color-schemes": "light stays light",
    "text-align": "left and right are written out",
    "text-decoration": NOTHING,
    "width": "on tables only",
}

AT_RULES = {
    "@media (prefers-color-scheme: dark)": "stays light, or the program darkens it by itself"
}
