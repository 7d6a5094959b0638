#include "twin/query.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "twin/packed.hpp"

namespace cityloom::twin {

base::Result<Pattern> make_pattern(std::string_view expression) {
  constexpr size_t characters_max = 1'000;
  if (expression.size() > characters_max) {
    return base::fail(base::Code::too_complex, "a pattern may have 1,000 characters",
                      std::string(expression.substr(0, 40)));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  auto pattern = std::make_shared<const re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!pattern->ok()) {
    return base::fail(base::Code::invalid, "not a regular expression: " + pattern->error(), std::string(expression),
                      "look-around and back-references are not supported");
  }
  return Pattern(pattern);
}

bool found_in(const Pattern& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
}

bool satisfies(const EntityRecord& record, const TypeSelection& types) {
  if (types.any_of.empty()) return true;
  return std::any_of(types.any_of.begin(), types.any_of.end(), [&](const std::vector<Term>& all_of) {
    return std::all_of(all_of.begin(), all_of.end(), [&](Term type) { return record.has_type(type); });
  });
}

namespace {

std::string_view first_level(std::string_view path) {
  return path.substr(0, path.find('/'));
}

bool scope_matches(std::string_view scope, std::string_view expression) {
  while (true) {
    if (!scope.empty() && scope.front() == '/') scope.remove_prefix(1);
    if (!expression.empty() && expression.front() == '/') expression.remove_prefix(1);
    if (expression == "#") return true;
    if (scope.empty() || expression.empty()) return scope.empty() && expression.empty();
    const std::string_view level = first_level(expression);
    if (level != "+" && level != first_level(scope)) return false;
    scope.remove_prefix(first_level(scope).size());
    expression.remove_prefix(level.size());
  }
}

}  // namespace

bool satisfies_scope(const std::vector<std::string>& scopes, std::string_view expression) {
  while (!expression.empty()) {
    const size_t end = std::min(expression.find(';'), expression.size());
    const std::string_view one = expression.substr(0, end);
    if (std::none_of(scopes.begin(), scopes.end(),
                     [&](const std::string& scope) { return scope_matches(scope, one); })) {
      return false;
    }
    expression.remove_prefix(std::min(end + 1, expression.size()));
  }
  return true;
}

bool Matcher::operator()(const EntityRecord& record) const {
  const Query& query = query_;
  if (!query.ids.empty() && std::find(query.ids.begin(), query.ids.end(), record.id()) == query.ids.end()) return false;
  if (!satisfies(record, query.types)) return false;
  if (query.id_pattern && !found_in(query.id_pattern, record.id())) return false;
  if (!query.attributes.empty() && std::none_of(query.attributes.begin(), query.attributes.end(),
                                                [&](Term name) { return record.has_attribute(name); })) {
    return false;
  }
  if (query.condition && !satisfies(record, *query.condition, query.linked.get())) return false;
  if (!query.scopes.empty()) {
    const std::vector<std::string> scopes = record.scopes();
    if (std::none_of(query.scopes.begin(), query.scopes.end(),
                     [&](const std::string& expression) { return satisfies_scope(scopes, expression); })) {
      return false;
    }
  }
  return (!query.geo || geo(record)) && (!query.also || query.also(record));
}

}  // namespace cityloom::twin
