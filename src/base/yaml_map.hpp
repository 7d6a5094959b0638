// Reading declared YAML: every mistake is said with file, line, column and what to do; unknown keys are mistakes.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::base {

/// One file being read. Holds the first mistake; reading goes on with defaults, and the caller looks at the end.
class YamlFile {
 public:
  explicit YamlFile(std::string name) : name_(std::move(name)) {}

  /// The document. A syntax error is a mistake and gives an empty node.
  YAML::Node parse(const std::string& text);

  /// Notes a mistake at this node.
  void mistake(const YAML::Node& node, std::string what, std::string remedy = {});
  /// Notes an Error that a parser of ours gave for the text of this node.
  void mistake(const YAML::Node& node, const Error& error) { mistake(node, error.what, error.remedy); }

  /// "file:line:column" of a node.
  std::string where(const YAML::Node& node) const;

  const std::optional<Error>& error() const { return error_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::optional<Error> error_;
};

/// A map whose keys are taken one after another. `finish` makes what nobody took a mistake.
class YamlMap {
 public:
  /// Not a map: a mistake, and the map is empty. `what` names it: "a link".
  YamlMap(YamlFile& file, YAML::Node node, std::string what);

  /// The value of a key, or nothing.
  std::optional<YAML::Node> take(const std::string& key);
  bool has(const std::string& key) const;

  /// The text under a key, or `otherwise`.
  std::string text(const std::string& key, std::string otherwise = {});
  /// The text under a key that must be there; `remedy` says what to write.
  std::string required_text(const std::string& key, std::string_view remedy);
  /// A finite number, or `otherwise`.
  double number(const std::string& key, double otherwise);
  /// A finite number, or nothing.
  std::optional<double> number(const std::string& key);
  /// A whole number from `least` to `greatest`.
  int64_t integer(const std::string& key, int64_t otherwise, int64_t least, int64_t greatest);
  /// true or false.
  bool flag(const std::string& key, bool otherwise);
  /// A text or a list of texts.
  std::vector<std::string> texts(const std::string& key);
  /// Texts by language; a plain text counts as English.
  std::map<std::string, std::string> text_by_language(const std::string& key);

  /// Makes every key that nobody took a mistake.
  void finish();

  YamlFile& file() { return file_; }
  const YAML::Node& node() const { return node_; }

 private:
  YamlFile& file_;
  YAML::Node node_;
  std::string what_;
  std::set<std::string> known_;
};

/// The text of a scalar node; nothing otherwise.
std::optional<std::string> scalar_text(const YAML::Node& node);

}  // namespace cityloom::base
