# Proves that each rule of tools/check_sources fails on a broken piece and passes a sound one.
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sources import docstrings, functions, layers, tree, words  # noqa: E402

ROOMS = "# x\nforeach(room IN ITEMS base twin thread)\n"
HEAD = "// A head.\n#pragma once\n"


def broken(rule, files):
    """The names of the rules that the files break."""
    ours = tree.Tree("", {"CMakeLists.txt": ROOMS, **files})
    return [finding.rule for finding in rule.check(ours)]


def function_of(lines, head="void f(int a)", end="}\n"):
    return head + " {\n" + "  g();\n" * (lines - 2) + end


class Layers(unittest.TestCase):
    def test_include_downward_is_sound(self):
        files = {"src/base/a.hpp": HEAD, "src/twin/b.hpp": HEAD + '#include "base/a.hpp"\n'}
        self.assertEqual(broken(layers, files), [])

    def test_upward_include(self):
        files = {"src/base/a.hpp": HEAD + '#include "twin/b.hpp"\n', "src/twin/b.hpp": HEAD}
        self.assertEqual(broken(layers, files), ["upward-include"])

    def test_a_test_may_use_a_higher_room(self):
        files = {"src/base/a_test.cpp": HEAD + '#include "twin/b.hpp"\n', "src/twin/b.hpp": HEAD}
        self.assertEqual(broken(layers, files), [])

    def test_include_in_a_comment_counts_as_nothing(self):
        files = {"src/base/a.hpp": HEAD + '// #include "twin/b.hpp"\n', "src/twin/b.hpp": HEAD}
        self.assertEqual(broken(layers, files), [])

    def test_cycle_within_a_room(self):
        files = {"src/base/a.hpp": HEAD + '#include "base/b.hpp"\n', "src/base/b.hpp": HEAD + '#include "base/a.hpp"\n'}
        self.assertEqual(broken(layers, files), ["include-cycle"])

    def test_include_of_nothing(self):
        self.assertEqual(broken(layers, {"src/base/a.hpp": HEAD + '#include "base/none.hpp"\n'}), ["include"])

    def test_unknown_room(self):
        self.assertEqual(broken(layers, {"src/cellar/a.hpp": HEAD}), ["room"])

    def test_console_layer_upward(self):
        files = {"console/src/math/a.ts": 'import { b } from "../panels/b";\n', "console/src/panels/b.tsx": "// B.\n"}
        self.assertEqual(broken(layers, files), ["console-layer"])

    def test_console_layer_downward_over_lines(self):
        files = {"console/src/panels/b.tsx": 'import {\n  a,\n} from "../math/a";\n', "console/src/math/a.ts": "// A.\n"}
        self.assertEqual(broken(layers, files), [])

    def test_console_import_cycle(self):
        files = {"console/src/math/a.ts": 'import "./b";\n', "console/src/math/b.ts": 'export * from "./a";\n'}
        self.assertEqual(broken(layers, files), ["import-cycle"])


class Lengths(unittest.TestCase):
    def test_function_of_70_lines_is_sound(self):
        self.assertEqual(broken(functions, {"src/base/a.cpp": function_of(70)}), [])

    def test_function_of_71_lines(self):
        heads = ("void f(int a)", "auto A::f() const -> std::vector<int>", "TEST(Room, says)", "A::A(int b) : b_(b)",
                 "template <class T>\nrequires(sizeof(T) > 1) Result<T> f(T t) noexcept")
        for head in heads:
            with self.subTest(head):
                self.assertEqual(broken(functions, {"src/base/a.cpp": function_of(71, head)}), ["function-length"])

    def test_classes_namespaces_and_tables_have_no_limit(self):
        for head in ("namespace a", "class A final : public B<int()>", "const int table[] =", "enum class E", "struct A"):
            with self.subTest(head):
                self.assertEqual(broken(functions, {"src/base/a.cpp": function_of(90, head, "};\n")}), [])

    def test_braces_in_strings_and_comments_count_as_nothing(self):
        text = 'void f() {\n  g("{{{", \'{\', R"x({)x"); // {\n  /* { */\n}\n' + "\n" * 90
        self.assertEqual(broken(functions, {"src/base/a.cpp": text}), [])

    def test_typescript(self):
        sound = "describe('x', () => {\n" + "  it('a', () => {\n    f();\n  });\n" * 40 + "});\n"
        self.assertEqual(broken(functions, {"console/src/math/a.test.ts": sound}), [])
        for head in ("export function f(a: number): string", "const f = (a: A) =>", "  method(a?: B)"):
            with self.subTest(head):
                self.assertEqual(broken(functions, {"console/src/math/a.ts": function_of(71, head)}), ["function-length"])

    def test_typescript_template_and_regex(self):
        text = "const f = () => {\n  const a = `{ ${g({ b: 1 })} {`;\n  return /[{\"']/.test(a);\n};\n" + "\n" * 90
        self.assertEqual(broken(functions, {"console/src/math/a.ts": text}), [])

    def test_python(self):
        text = "def f():\n" + "    g()\n" * 70
        self.assertEqual(broken(functions, {"tools/a.py": text}), ["function-length"])

    def test_file_of_601_lines(self):
        self.assertEqual(broken(functions, {"src/base/a.hpp": "//\n" * 600}), [])
        self.assertEqual(broken(functions, {"src/base/a.hpp": "//\n" * 601}), ["file-length"])

    def test_generated_files_have_no_limit(self):
        self.assertEqual(broken(functions, {"console/src/generated/a.ts": "//\n" * 601}), [])


class Docstrings(unittest.TestCase):
    def names(self, text):
        return [(name, documented) for _line, name, documented in docstrings.declarations(HEAD + text)]

    def test_finds_what_lacks_one(self):
        text = "namespace a {\n/// Says.\nint f(int b);\n\nint g(int b = h());\n\nclass C {\n public:\n  void m();\n private:\n  void p();\n};\n}\n"
        self.assertEqual(self.names(text), [("f", True), ("g", False), ("C", False), ("m", False)])

    def test_passes_what_says_all_by_its_name(self):
        text = "/// C.\nclass C : public B {\n public:\n  C(int a);\n  ~C() override;\n  int a() const { return a_; }\n  bool operator==(const C&) const = default;\n private:\n  int a_ = 0;\n};\n"
        self.assertEqual(self.names(text), [("C", True)])

    def test_one_docstring_over_adjacent_lines(self):
        self.assertEqual(self.names("/// Both.\nint f();\nint g();\n\nint h();\n"), [("f", True), ("g", True), ("h", False)])

    def test_enum_by_value(self):
        self.assertEqual(self.names("enum class E {\n  a,  ///< First.\n};\n"), [("E", True)])

    def test_hidden_namespaces_are_free(self):
        self.assertEqual(self.names("namespace detail {\nint f();\n}\nnamespace {\nint g();\n}\n"), [])

    def test_bar(self):
        self.assertEqual(broken(docstrings, {"src/base/a.hpp": HEAD + "int f();\n"}), ["docstring"])
        text = HEAD + "/// Says.\nint f();\n\n" * 9
        self.assertEqual(broken(docstrings, {"src/base/a.hpp": text + "int g();\n"}), [])


class Words(unittest.TestCase):
    PAGE = {"src/base/README.md": "# base\n"}

    def test_sound(self):
        self.assertEqual(broken(words, {"src/base/a.cpp": HEAD, **self.PAGE}), [])

    def test_head_comment(self):
        self.assertEqual(broken(words, {"src/base/a.hpp": "#pragma once\nint a;\n", **self.PAGE}), ["head-comment"])
        self.assertEqual(broken(words, {"src/base/a.cpp": "#include <a>\n", **self.PAGE}), ["head-comment"])

    def test_head_comment_of_the_header_counts_for_what_is_beside_it(self):
        files = {"src/base/a.hpp": HEAD, "src/base/a.cpp": "int a;\n", "src/base/a_test.cpp": "int a;\n", **self.PAGE}
        self.assertEqual(broken(words, files), [])

    def test_unfinished(self):
        self.assertEqual(broken(words, {"a.py": "# A.\n# " + "TO" + "DO later\n"}), ["unfinished"])

    def test_machine_path(self):
        self.assertEqual(broken(words, {"a.py": "# A.\nopen('/ho" + "me/me/a')\n"}), ["machine-path"])
        self.assertEqual(broken(words, {"a.py": "# A.\nopen(top + '/a/ro" + "ot/b')\n"}), [])

    def test_registry_host(self):
        text = '{"resolved": "http' + 's://somewhere/a.tgz"}'
        self.assertEqual(broken(words, {"console/package-lock.json": text}), ["registry-host"])

    def test_room_page(self):
        self.assertEqual(broken(words, {"src/base/a.cpp": HEAD}), ["room-page"])


class Whole(unittest.TestCase):
    def test_reads_this_tree(self):
        ours = tree.read_tree(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.assertIn("CMakeLists.txt", ours.files)
        self.assertIn("base", layers.room_order(ours))


if __name__ == "__main__":
    unittest.main()
