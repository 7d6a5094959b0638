#include "serve/sta/options.hpp"

#include <algorithm>

#include "serve/ngsi/text.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Status;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Status set_order(std::string_view value, Options& options) {
  for (std::string_view key : split_outside(value, ',')) {
    key = trimmed(key);
    OrderKey made;
    if (key.ends_with(" desc") || key.ends_with(" asc")) {
      made.descending = key.ends_with(" desc");
      key = trimmed(key.substr(0, key.rfind(' ')));
    }
    auto by = parse_expression(key, "$orderby");
    if (!by.ok()) return by.error();
    made.by = std::move(*by);
    options.order.push_back(std::move(made));
    if (options.order.size() > 8) return fail(Code::too_complex, "an order has more than 8 keys", "$orderby");
  }
  return {};
}

Status set_number(std::string_view name, std::string_view value, size_t& to) {
  const auto number = ngsi_ld::number_of<uint32_t>(value);
  if (!number) return fail(Code::invalid, "must be a whole number from 0", std::string(name));
  to = *number;
  return {};
}

class ExpandReader {
 public:
  Status read(std::string_view text, Options& options, unsigned depth) {
    if (depth > expand_depth_max) return fail(Code::too_complex, "expanded more than 6 deep", "$expand");
    for (std::string_view item : split_outside(text, ',')) {
      item = trimmed(item);
      const size_t open = item.find('(');
      std::string_view path = item.substr(0, open);
      Options* at = &options;
      for (const std::string_view name : ngsi_ld::split(path, '/')) {
        if (++count_ > expands_max || ++depth > expand_depth_max + 8) {
          return fail(Code::too_complex, "more than 40 expansions", "$expand");
        }
        at = &child(*at, trimmed(name)).options;
      }
      if (open == std::string_view::npos) continue;
      if (!item.ends_with(')')) return fail(Code::invalid, "a parenthesis is not closed", "$expand");
      const std::string_view inner = item.substr(open + 1, item.size() - open - 2);
      if (const auto status = read_options(inner, *at, depth); !status.ok()) return status;
    }
    return {};
  }

 private:
  static Expand& child(Options& of, std::string_view name) {
    for (Expand& each : of.expand) {
      if (each.name == name) return each;
    }
    of.expand.push_back({std::string(name), {}});
    return of.expand.back();
  }

  Status read_options(std::string_view text, Options& to, unsigned depth) {
    for (const std::string_view part : split_outside(text, ';')) {
      const size_t equals = part.find('=');
      if (equals == std::string_view::npos) return fail(Code::invalid, "an option has no value", "$expand");
      const std::string_view name = trimmed(part.substr(0, equals));
      const std::string_view value = trimmed(part.substr(equals + 1));
      if (name == "$expand") to.written.emplace_back(name, value);
      const Status status = name == "$expand" ? read(value, to, depth + 1) : set_option(name, value, to);
      if (!status.ok()) return status;
    }
    return {};
  }

  size_t count_ = 0;
};

}  // namespace

std::vector<std::string_view> split_outside(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t from = 0;
  int depth = 0;
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'') is_quoted = !is_quoted;
    if (is_quoted) continue;
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == separator && depth == 0) {
      parts.push_back(text.substr(from, i - from));
      from = i + 1;
    }
  }
  parts.push_back(text.substr(from));
  return parts;
}

base::Result<std::vector<Step>> parse_path(std::string_view path) {
  std::vector<Step> steps;
  while (path.ends_with('/')) path.remove_suffix(1);
  for (const std::string_view part : split_outside(path, '/')) {
    const size_t open = part.find('(');
    Step step{std::string(part.substr(0, open)), {}};
    if (open != std::string_view::npos) {
      if (!part.ends_with(')'))
        return fail(Code::invalid, "a parenthesis in the path is not closed", std::string(part));
      std::string_view id = part.substr(open + 1, part.size() - open - 2);
      const bool is_quoted = id.size() >= 2 && id.front() == '\'' && id.back() == '\'';
      if (is_quoted) id = id.substr(1, id.size() - 2);
      std::string plain;
      for (size_t i = 0; i < id.size(); ++i) {
        plain += id[i];
        if (is_quoted && id[i] == '\'' && i + 1 < id.size() && id[i + 1] == '\'') ++i;
      }
      step.id = std::move(plain);
    }
    if (step.name.empty()) return fail(Code::invalid, "a step of the path is empty", std::string(part));
    steps.push_back(std::move(step));
    if (steps.size() > 20) return fail(Code::too_complex, "the path has more than 20 steps");
  }
  return steps;
}

Status set_option(std::string_view name, std::string_view value, Options& options) {
  if (name != "$top" && name != "$skip") options.written.emplace_back(name, value);
  if (name == "$filter") {
    auto filter = parse_expression(value, "$filter");
    if (!filter.ok()) return filter.error();
    options.filter = std::move(*filter);
    return {};
  }
  if (name == "$orderby") return set_order(value, options);
  if (name == "$expand") return ExpandReader().read(value, options, 1);
  if (name == "$skip") return set_number(name, value, options.skip);
  if (name == "$top") {
    size_t top = 0;
    if (const auto status = set_number(name, value, top); !status.ok()) return status;
    options.top = top;
    return {};
  }
  if (name == "$count") {
    if (value != "true" && value != "false") return fail(Code::invalid, "must be true or false", "$count");
    options.count = value == "true";
    return {};
  }
  if (name == "$select") {
    for (const std::string_view part : ngsi_ld::split(value, ',')) {
      if (trimmed(part).empty()) return fail(Code::invalid, "a name is empty", "$select");
      options.select.emplace_back(trimmed(part));
    }
    return {};
  }
  if (name == "$resultFormat") {
    if (value != "dataArray") return fail(Code::invalid, "the only other format is dataArray", "$resultFormat");
    options.data_array = true;
    return {};
  }
  return fail(Code::invalid, "there is no query option of this name", std::string(name.substr(0, 100)),
              "check its spelling");
}

}  // namespace cityloom::serve::sta
