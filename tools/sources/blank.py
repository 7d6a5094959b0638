# Blanks comments and string contents of C++ and TypeScript, keeping every line and column in place.
import re

_RAW = re.compile(r'R"([^()\\\s]{0,16})\(')
_REGEX_BEFORE = set("(,=:[!&|?{};+\n") | {""}


class _Blanker:
    def __init__(self, text, typescript):
        self.text, self.typescript = text, typescript
        self.out, self.at = [], 0

    def keep(self, count=1):
        self.out.append(self.text[self.at:self.at + count])
        self.at += count

    def blank_to(self, end):
        end = min(max(end, self.at), len(self.text))
        self.out.append("".join(c if c == "\n" else " " for c in self.text[self.at:end]))
        self.at = end

    def quoted(self, quote):
        """A string with escapes; one that does not end on its line ends there (JSX text, digit separators)."""
        self.keep()
        end = self.at
        while end < len(self.text) and self.text[end] not in (quote, "\n"):
            end += 2 if self.text[end] == "\\" else 1
        self.blank_to(end)
        if self.at < len(self.text) and self.text[self.at] == quote:
            self.keep()

    def template(self):
        """A template literal: its text is blanked, the code in ${...} stays."""
        self.keep()
        while self.at < len(self.text) and self.text[self.at] != "`":
            if self.text.startswith("${", self.at):
                self.keep(2)
                self.code(until_brace=True)
                if self.at < len(self.text):
                    self.keep()
            else:
                self.blank_to(self.at + (2 if self.text[self.at] == "\\" else 1))
        if self.at < len(self.text):
            self.keep()

    def regex_starts(self):
        before = "".join(self.out[-40:]).rstrip(" ")
        return before[-1:] in _REGEX_BEFORE or before.endswith("return")

    def regex(self):
        end, in_class = self.at + 1, False
        while end < len(self.text) and self.text[end] != "\n":
            c = self.text[end]
            if c == "\\":
                end += 1
            elif c == "[":
                in_class = True
            elif c == "]":
                in_class = False
            elif c == "/" and not in_class:
                self.blank_to(end + 1)
                return
            end += 1
        self.keep()

    def one(self):
        text, at = self.text, self.at
        c = text[at]
        raw = None if self.typescript else _RAW.match(text, at)
        if text.startswith("//", at):
            end = text.find("\n", at)
            self.blank_to(len(text) if end < 0 else end)
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            self.blank_to(len(text) if end < 0 else end + 2)
        elif raw:
            end = text.find(")" + raw.group(1) + '"', at)
            self.blank_to(len(text) if end < 0 else end + len(raw.group(1)) + 2)
        elif c == '"' or (c == "'" and not (at and text[at - 1].isalnum())):
            self.quoted(c)
        elif self.typescript and c == "`":
            self.template()
        elif self.typescript and c == "/" and self.regex_starts():
            self.regex()
        else:
            self.keep()

    def code(self, until_brace=False):
        depth = 0
        while self.at < len(self.text):
            c = self.text[self.at]
            if until_brace and c == "}" and depth == 0:
                return
            depth += (c == "{") - (c == "}")
            self.one()


def blank(text, typescript=False):
    """The text with comments and string contents replaced by spaces; same length, same lines."""
    blanker = _Blanker(text, typescript)
    blanker.code()
    return "".join(blanker.out)
