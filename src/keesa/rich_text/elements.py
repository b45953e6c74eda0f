"""The elements that texts may hold, those that they lose, and how HTML nests the former."""

from collections.abc import Mapping
from typing import Final

# fmt: off
TAGS: Final = frozenset({
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "small",
    "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u",
    "ul",
})
HTML: Final = TAGS | {
    "acronym", "address", "applet", "area", "article", "aside", "audio", "base", "basefont", "bdi", "bdo",
    "bgsound", "big", "blink", "body", "button", "canvas", "caption", "center", "cite", "col", "colgroup", "data",
    "datalist", "details", "dfn", "dialog", "dir", "embed", "fieldset", "figcaption", "figure", "font", "footer",
    "form", "frame", "frameset", "head", "header", "hgroup", "html", "iframe", "img", "input", "keygen", "label",
    "legend", "link", "listing", "main", "map", "mark", "marquee", "math", "menu", "menuitem", "meta", "meter",
    "multicol", "nav", "nobr", "noembed", "noframes", "noscript", "object", "optgroup", "option", "output",
    "param", "picture", "plaintext", "progress", "rb", "rbc", "rp", "rt", "rtc", "ruby", "samp", "script",
    "search", "section", "select", "slot", "source", "spacer", "style", "summary", "svg", "template", "textarea",
    "tfoot", "time", "title", "track", "tt", "var", "video", "wbr", "xmp",
}
"""Of the standard, obsolete ones among them. A name that is not here is no tag, but what somebody wrote."""
SVG: Final = frozenset({
    "animate", "animatemotion", "animatetransform", "circle", "clippath", "color-profile", "cursor", "defs",
    "desc", "discard", "ellipse", "feblend", "fecolormatrix", "fecomponenttransfer", "fecomposite",
    "feconvolvematrix", "fediffuselighting", "fedisplacementmap", "fedistantlight", "fedropshadow", "feflood",
    "fefunca", "fefuncb", "fefuncg", "fefuncr", "fegaussianblur", "feimage", "femerge", "femergenode",
    "femorphology", "feoffset", "fepointlight", "fespecularlighting", "fespotlight", "fetile", "feturbulence",
    "filter", "font-face", "font-face-format", "font-face-name", "font-face-src", "font-face-uri",
    "foreignobject", "g", "glyph", "hatch", "hatchpath", "image", "line", "lineargradient", "marker", "mask",
    "mesh", "meshgradient", "meshpatch", "meshrow", "metadata", "missing-glyph", "mpath", "path", "pattern",
    "polygon", "polyline", "radialgradient", "rect", "set", "solidcolor", "stop", "switch", "symbol", "text",
    "textpath", "tref", "tspan", "use", "view",
})
"""Tags only in a text that holds `<svg`: `<path>` and `<image>` are what people write for a name to fill in."""
MATHML: Final = frozenset({
    "annotation", "annotation-xml", "maction", "maligngroup", "malignmark", "menclose", "merror", "mfenced",
    "mfrac", "mglyph", "mi", "mlabeledtr", "mlongdiv", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "ms", "mscarries", "mscarry", "msgroup", "msline", "mspace",
    "msqrt", "msrow", "mstack", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder",
    "munderover", "none", "semantics",
})
"""Likewise beside `<math`."""
OFFICE: Final = frozenset({
    "aml", "dgm", "mc", "mso", "mv", "o", "pic", "skype", "st1", "st2", "u1", "u2", "u3", "u4", "u5", "v", "w", "wne",
    "wp", "wpc", "wpg", "wps", "wx",
})
"""Prefixes of elements that office programs write and leave open, such as `<o:p>`."""
PROGRAMS: Final = frozenset({
    "action-text-attachment", "byte-sheet-html-origin", "google-sheets-html-origin", "includetail", "sdendnote",
    "sdfield", "sdfixed", "sdfootnote", "sdshift", "trix-editor", "x-apple-data-detectors",
})
"""Elements that spreadsheets, editors and mail programs write beside HTML's, and nobody by hand."""
NEEDS_ATTRIBUTES: Final = frozenset({
    "area", "base", "basefont", "bgsound", "embed", "frame", "img", "input", "link", "meta", "param", "source", "track",
})
"""Elements without an end that mean nothing alone: `<input>` is what somebody wrote for a name to fill in."""
MAY_LACK_END: Final = frozenset({
    "body", "caption", "col", "colgroup", "frameset", "head", "html", "keygen", "math", "menuitem", "noscript",
    "optgroup", "option", "plaintext", "rb", "rp", "rt", "rtc", "spacer", "svg", "template", "tfoot", "wbr",
})
"""Elements that programs leave open. Any other that never ends and has no attribute is such a name: `<dir>`."""
LACKS_END: Final = frozenset({
    "br", "dd", "dt", "hr", "li", "p", "tbody", "td", "th", "thead", "tr",
})
"""Of the elements that texts may hold, those that nobody need end."""
BOOLEAN: Final = frozenset({
    "allowfullscreen", "async", "autofocus", "autoplay", "checked", "compact", "contenteditable", "controls",
    "declare", "default", "defer", "disabled", "download", "draggable", "hidden", "inert", "ismap", "itemscope",
    "loop", "multiple", "muted", "nohref", "noresize", "noshade", "novalidate", "nowrap", "open", "playsinline",
    "readonly", "required", "reversed", "selected", "spellcheck",
})
"""Attributes that stand without a value."""
HTML_ATTRIBUTES: Final = BOOLEAN | {
    "abbr", "accept", "accept-charset", "accesskey", "action", "align", "alink", "allow", "alt", "archive", "as",
    "autocapitalize", "autocomplete", "autocorrect", "axis", "background", "behavior", "bgcolor", "blocking", "border",
    "bordercolor", "bottommargin", "capture", "cellpadding", "cellspacing", "char", "charoff", "charset", "cite",
    "class", "classid", "clear", "code", "codebase", "codetype", "color", "cols", "colspan", "content", "coords",
    "crossorigin", "data", "datetime", "decoding", "dir", "direction", "dirname", "dropzone", "elementtiming",
    "enctype", "enterkeyhint", "exportparts", "face", "fetchpriority", "for", "form", "formaction", "formenctype",
    "formmethod", "formnovalidate", "formtarget", "frame", "frameborder", "headers", "height", "high", "href",
    "hreflang", "hspace", "icon", "id", "imagesizes", "imagesrcset", "inputmode", "integrity", "is", "itemid",
    "itemprop", "itemref", "itemtype", "kind", "label", "lang", "language", "leftmargin", "link", "list", "loading",
    "longdesc", "low", "manifest", "marginheight", "marginwidth", "max", "maxlength", "media", "method", "min",
    "minlength", "name", "nomodule", "nonce", "nosave", "object", "optimum", "part", "pattern", "ping", "placeholder",
    "popover", "popovertarget", "poster", "preload", "profile", "property", "referrerpolicy", "rel", "rev",
    "rightmargin", "role", "rows", "rowspan", "rules", "sandbox", "scheme", "scope", "scoped", "scrolling",
    "seamless", "shape", "size", "sizes", "slot", "span", "src", "srcdoc", "srclang", "srcset", "standby", "start",
    "step", "style", "summary", "tabindex", "target", "text", "title", "topmargin", "translate", "truespeed", "type",
    "typemustmatch", "unselectable", "usemap", "valign", "value", "valuetype", "version", "vlink", "vocab", "vspace",
    "width", "wrap", "xmlns",
}
"""Of the standard, obsolete ones among them. Where another word stands without a value, somebody compares:
`a<b and c>d`.
"""
# fmt: on

ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
ALLOWED: Final = {tag: ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) for tag in TAGS}
"""The attributes of each tag."""
NUMBERS: Final = frozenset({"colspan", "rowspan", "start", "value"})
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})

SILENT: Final = frozenset({"script", "style", "xml"})
"""What stands in these is no text."""
RAW: Final = frozenset({"iframe", "noembed", "noframes", "textarea", "title", "xmp"})
"""What stands in these is text to its last bracket."""

FORMATTING: Final = frozenset({"a", "b", "code", "em", "i", "s", "small", "strike", "strong", "u"})
"""What HTML opens again in the next block where it was left open in the last."""
HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
ENDS_PARAGRAPH: Final = HEADINGS | {
    *("blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "table", "ul"),
}
"""A paragraph ends where one of these begins."""
SECTIONS: Final = frozenset({"tbody", "thead"})
CELLS: Final = frozenset({"td", "th"})
AROUND_CELLS: Final = SECTIONS | {"table", "tr"}
"""What may hold no text itself."""
TABLE_PARTS: Final = SECTIONS | CELLS | {"tr"}
BLOCKS: Final = ENDS_PARAGRAPH | TABLE_PARTS
"""The standard's special elements: an inline end tag does not reach past one."""
