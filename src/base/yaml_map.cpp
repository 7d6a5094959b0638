#include "base/yaml_map.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace cityloom::base {

YAML::Node YamlFile::parse(const std::string& text) {
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& exception) {
    error_ = fail(Code::invalid, fmt::format("not YAML: {}", exception.msg),
                  fmt::format("{}:{}:{}", name_, exception.mark.line + 1, exception.mark.column + 1),
                  "look at the indentation and quotes of this line and the one before it");
  }
  return {};
}

std::string YamlFile::where(const YAML::Node& node) const {
  const YAML::Mark mark = node.IsDefined() ? node.Mark() : YAML::Mark::null_mark();
  if (mark.is_null()) return name_;
  return fmt::format("{}:{}:{}", name_, mark.line + 1, mark.column + 1);
}

void YamlFile::mistake(const YAML::Node& node, std::string what, std::string remedy) {
  if (!error_) error_ = fail(Code::invalid, std::move(what), where(node), std::move(remedy));
}

std::optional<std::string> scalar_text(const YAML::Node& node) {
  if (!node.IsDefined() || !node.IsScalar()) return std::nullopt;
  return node.Scalar();
}

YamlMap::YamlMap(YamlFile& file, YAML::Node node, std::string what) : file_(file), node_(node), what_(std::move(what)) {
  if (node_.IsDefined() && node_.IsMap()) {
    // Which of two was meant nobody can know, and the library would take the first in silence.
    std::set<std::string_view> keys;
    for (const auto& entry : node_) {
      if (entry.first.IsScalar() && !keys.insert(entry.first.Scalar()).second)
        file_.mistake(entry.first, fmt::format("{} has the key '{}' twice", what_, entry.first.Scalar()),
                      "keep one of them");
    }
    return;
  }
  file_.mistake(node_, fmt::format("{} is a map of keys and values", what_), "write it as key: value lines");
  node_ = YAML::Node(YAML::NodeType::Map);
}

bool YamlMap::has(const std::string& key) const {
  const YAML::Node& constant = node_;
  return constant[key].IsDefined();
}

std::optional<YAML::Node> YamlMap::take(const std::string& key) {
  known_.insert(key);
  const YAML::Node& constant = node_;
  YAML::Node found = constant[key];
  if (!found.IsDefined() || found.IsNull()) return std::nullopt;
  return found;
}

std::string YamlMap::text(const std::string& key, std::string otherwise) {
  const auto node = take(key);
  if (!node) return otherwise;
  if (auto text = scalar_text(*node)) return *text;
  file_.mistake(*node, fmt::format("'{}' of {} is a text", key, what_));
  return otherwise;
}

std::string YamlMap::required_text(const std::string& key, std::string_view remedy) {
  if (!has(key)) file_.mistake(node_, fmt::format("{} needs the key '{}'", what_, key), std::string(remedy));
  return text(key);
}

std::optional<double> YamlMap::number(const std::string& key) {
  const auto node = take(key);
  if (!node) return std::nullopt;
  double number = 0;
  if (node->IsScalar() && YAML::convert<double>::decode(*node, number) && std::isfinite(number)) return number;
  file_.mistake(*node, fmt::format("'{}' of {} is a number", key, what_));
  return std::nullopt;
}

double YamlMap::number(const std::string& key, double otherwise) {
  return number(key).value_or(otherwise);
}

int64_t YamlMap::integer(const std::string& key, int64_t otherwise, int64_t least, int64_t greatest) {
  const auto node = take(key);
  if (!node) return otherwise;
  int64_t number = 0;
  if (node->IsScalar() && YAML::convert<int64_t>::decode(*node, number) && number >= least && number <= greatest) {
    return number;
  }
  file_.mistake(*node, fmt::format("'{}' of {} is a whole number from {} to {}", key, what_, least, greatest));
  return otherwise;
}

bool YamlMap::flag(const std::string& key, bool otherwise) {
  const auto node = take(key);
  if (!node) return otherwise;
  bool flag = otherwise;
  if (node->IsScalar() && YAML::convert<bool>::decode(*node, flag)) return flag;
  file_.mistake(*node, fmt::format("'{}' of {} is true or false", key, what_));
  return otherwise;
}

std::vector<std::string> YamlMap::texts(const std::string& key) {
  const auto node = take(key);
  if (!node) return {};
  if (auto one = scalar_text(*node)) return {*one};
  std::vector<std::string> all;
  bool is_good = node->IsSequence();
  if (is_good) {
    for (const YAML::Node& item : *node) {
      auto text = scalar_text(item);
      is_good = is_good && text.has_value();
      all.push_back(text.value_or(""));
    }
  }
  if (!is_good) file_.mistake(*node, fmt::format("'{}' of {} is a text or a list of texts", key, what_));
  return all;
}

std::map<std::string, std::string> YamlMap::text_by_language(const std::string& key) {
  std::map<std::string, std::string> all;
  const auto node = take(key);
  if (!node) return all;
  if (auto one = scalar_text(*node)) {
    all["en"] = *one;
    return all;
  }
  if (!node->IsMap()) {
    file_.mistake(*node, fmt::format("'{}' of {} is a text by language", key, what_), "write {ko: ..., en: ...}");
    return all;
  }
  for (const auto& pair : *node) {
    all[scalar_text(pair.first).value_or("")] = scalar_text(pair.second).value_or("");
  }
  return all;
}

void YamlMap::finish() {
  for (const auto& pair : node_) {
    const std::string key = scalar_text(pair.first).value_or("");
    if (known_.count(key) > 0) continue;
    file_.mistake(pair.first, fmt::format("{} has no key '{}'", what_, key),
                  fmt::format("use one of: {}", fmt::join(known_, ", ")));
  }
}

}  // namespace cityloom::base
