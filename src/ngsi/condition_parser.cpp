// The query language of q (clause 4.9), read into a tree by recursive descent.
#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ngsi/query.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using base::Code;
using twin::Comparator;
using twin::Comparison;
using twin::Condition;
using twin::Literal;
using About = twin::AttributePath::About;

constexpr std::string_view unit_iri = "https://uri.etsi.org/ngsi-ld/unitCode";
constexpr std::string_view dataset_iri = "https://uri.etsi.org/ngsi-ld/datasetId";

struct Operator {
  std::string_view text;
  Comparator comparator;
};
// Longer ones first, so that the first that fits is the right one.
constexpr Operator operators[] = {
    {"!~=", Comparator::not_matches},     {"==", Comparator::equal},         {"!=", Comparator::not_equal},
    {">=", Comparator::greater_or_equal}, {"<=", Comparator::less_or_equal}, {"~=", Comparator::matches},
    {">", Comparator::greater},           {"<", Comparator::less},
};

bool is_date(std::string_view text) {
  return text.size() == 10 && base::Instant::parse(std::string(text) + "T00:00:00Z").ok();
}
bool is_time(std::string_view text) {
  return text.size() >= 9 && text[2] == ':' && parse_time("2000-01-01T" + std::string(text)).ok();
}

// The text of a JSON string with its quotes; nothing if it is none.
std::optional<std::string> unquoted(std::string_view quoted) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(simdjson::padded_string(quoted)).get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

class ConditionParser {
 public:
  ConditionParser(std::string_view q, const Context& context, const TermOf& terms,
                  const std::vector<std::string>& expand_values)
      : q_(q), context_(context), terms_(terms), expand_values_(expand_values) {}

  base::Result<Condition> read() {
    if (q_.empty()) return error("the query is empty");
    if (!simdjson::validate_utf8(q_.data(), q_.size())) return error("the query is not valid UTF-8");
    if (q_.size() > query_bytes_max) {
      return base::fail(Code::too_complex, "the query has more than " + std::to_string(query_bytes_max) + " bytes",
                        "q");
    }
    auto condition = any(0);
    if (condition && at_ != q_.size()) return error("';', '|' or the end of the query expected");
    return condition;
  }

 private:
  base::Error error(std::string what, std::string remedy = {}) const {
    return base::fail(Code::invalid, std::move(what), "q, character " + std::to_string(at_ + 1), std::move(remedy));
  }
  base::Error error_at(size_t position, std::string what) {
    at_ = position;
    return error(std::move(what));
  }
  bool take(std::string_view text) {
    if (!q_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  char next() const { return at_ < q_.size() ? q_[at_] : '\0'; }

  // Conditions joined by one operator; a single one stays itself.
  template <class Part>
  base::Result<Condition> joined(Condition::Kind kind, char joint, const Part& part) {
    std::vector<Condition> parts;
    do {
      auto one = part();
      if (!one) return one;
      parts.push_back(std::move(*one));
    } while (next() == joint && ++at_ != 0);
    if (parts.size() == 1) return std::move(parts.front());
    Condition condition;
    condition.kind = kind;
    condition.children = std::move(parts);
    return condition;
  }
  base::Result<Condition> any(size_t depth) {
    return joined(Condition::Kind::any, '|', [&] { return all(depth); });
  }
  base::Result<Condition> all(size_t depth) {
    return joined(Condition::Kind::all, ';', [&] { return term(depth); });
  }
  base::Result<Condition> term(size_t depth) {
    if (depth > query_depth_max) return base::fail(Code::too_complex, "too many parentheses within each other", "q");
    if (take("(")) {
      auto condition = any(depth + 1);
      if (condition && !take(")")) return error("')' expected");
      return condition;
    }
    if (++comparisons_ > query_terms_max) {
      return base::fail(Code::too_complex, "more than " + std::to_string(query_terms_max) + " comparisons", "q");
    }
    return comparison();
  }

  // One comparison, perhaps of entities that relationships lead to: sensor{Device:humidity}==40.
  base::Result<Condition> comparison() {
    std::vector<Condition> links;  // outermost first
    while (true) {
      Condition one;
      if (base::Status status = path(one.comparison.path); !status) return status.error();
      if (next() != '{') {
        auto last = comparison_of(std::move(one), links.size());
        if (!last) return last;
        for (; !links.empty(); links.pop_back()) {
          links.back().children.push_back(std::move(*last));
          last = std::move(links.back());
        }
        return last;
      }
      if (links.size() == join_level_max) {
        return base::fail(Code::too_complex, "more than " + std::to_string(join_level_max) + " links", "q");
      }
      if (base::Status status = link(one); !status) return status.error();
      links.push_back(std::move(one));
    }
  }

  // After the name of a relationship: "{", and the types of what it leads to if they are given.
  base::Status link(Condition& to) {
    const twin::AttributePath& path = to.comparison.path;
    if (!path.members.empty() || !path.json_path.empty() || path.about != About::value) {
      return error("'{' stands after the name of a relationship only");
    }
    to.kind = Condition::Kind::linked;
    take("{");
    const std::string_view rest = q_.substr(at_);
    if (rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("urn:")) return {};
    const size_t colon = rest.find(':');
    if (colon == std::string_view::npos || colon > rest.find_first_of("{}[]().=!<>~;|\"")) return {};
    to.types_text = rest.substr(0, colon);
    for (std::string_view names = to.types_text;;) {
      const std::string_view name = names.substr(0, names.find(','));
      if (!is_name(name)) return error("the name of a type expected");
      to.types.any_of.push_back({terms_(context_.expand_type(name))});
      if (name.size() == names.size()) break;
      names.remove_prefix(name.size() + 1);
    }
    at_ += colon + 1;
    return {};
  }

  // What follows the path: the ends of the links, an operator, operands.
  base::Result<Condition> comparison_of(Condition condition, size_t links) {
    Comparison& made = condition.comparison;
    for (size_t link = 0; link < links; ++link) {
      if (!take("}")) return error("'}' expected");
    }
    for (const Operator& one : operators) {
      if (!take(one.text)) continue;
      made.comparator = one.comparator;
      base::Status status = one.comparator == Comparator::matches || one.comparator == Comparator::not_matches
                                ? pattern(made)
                                : operands(made);
      if (!status) return status.error();
      if (made.path.about != About::value) operand_terms(made);
      return condition;
    }
    if (next() != '\0' && next() != ';' && next() != '|' && next() != ')')
      return error("an operator such as == expected");
    return condition;
  }

  // An IRI holds dots, so it is one name up to the operator; a term ends at a dot.
  std::string_view name() {
    const std::string_view rest = q_.substr(at_);
    const bool is_iri = rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("urn:");
    const size_t end = rest.find_first_of(is_iri ? "=!<>~;|()[]{}\"," : "=!<>~;|()[]{}\",.");
    const std::string_view name = rest.substr(0, end);
    at_ += name.size();
    return name;
  }

  base::Status path(twin::AttributePath& to) {
    const size_t start = at_;
    do {
      const size_t name_at = at_;
      const std::string_view text = name();
      if (!is_name(text)) {
        at_ = name_at;
        return error(text.empty() ? "the name of an attribute expected" : "not the name of an attribute");
      }
      const std::string iri = context_.expand(text);
      if (name_at != start && next() != '.' && next() != '[' && (iri == unit_iri || iri == dataset_iri)) {
        to.about = iri == unit_iri ? About::unit : About::dataset;
        break;
      }
      const twin::Term term = terms_(iri);
      if (name_at == start) {
        to.name = term;
        expands_ = std::find(expand_values_.begin(), expand_values_.end(), text) != expand_values_.end();
      } else {
        to.members.push_back(term);
      }
    } while (take("."));
    if (take("[")) {
      const size_t end = q_.find(']', at_);
      if (end == std::string_view::npos) return error("']' expected");
      std::string_view members = q_.substr(at_, end - at_);
      while (true) {
        const std::string_view member = members.substr(0, members.find('.'));
        if (member.empty()) return error("the name of a member expected");
        to.json_path.emplace_back(member);
        if (member.size() == members.size()) break;
        members.remove_prefix(member.size() + 1);
      }
      at_ = end + 1;
    }
    to.text = q_.substr(start, at_ - start);
    const twin::Term last = to.members.empty() ? to.name : to.members.back();
    is_about_time_ =
        last == twin::terms::observed_at || last == twin::terms::created_at || last == twin::terms::modified_at;
    return {};
  }

  // Units and datasets are names: where they are only compared for being equal, no text needs to be looked at.
  void operand_terms(Comparison& to) {
    to.terms = &terms_.table();
    if (to.comparator != Comparator::equal && to.comparator != Comparator::not_equal) return;
    for (const auto& operand : to.operands) {
      const auto* literal = std::get_if<Literal>(&operand);
      const auto* text = literal != nullptr ? std::get_if<std::string>(literal) : nullptr;
      if (text == nullptr) return to.operand_terms.clear();
      to.operand_terms.push_back(terms_(*text));
    }
  }

  base::Status operands(Comparison& to) {
    const bool is_equality = to.comparator == Comparator::equal || to.comparator == Comparator::not_equal;
    do {
      const size_t value_at = at_;
      auto from = literal();
      if (!from) return from.error();
      if (take("..")) {
        auto until = literal();
        if (!until) return until.error();
        if (from->index() != until->index() || std::holds_alternative<bool>(*from)) {
          return error_at(value_at, "both ends of a range must be of one kind: numbers, strings or times");
        }
        if (!is_equality) return error_at(value_at, "a range goes with == and != only");
        to.operands.emplace_back(twin::LiteralRange{std::move(*from), std::move(*until)});
      } else {
        if (!is_equality && std::holds_alternative<bool>(*from)) {
          return error_at(value_at, "true and false go with == and != only");
        }
        to.operands.emplace_back(std::move(*from));
      }
    } while (is_equality && take(","));
    if (next() == ',') return error("a list of values goes with == and != only");
    return {};
  }

  base::Result<Literal> literal() {
    if (next() == '"') return quoted();
    const size_t start = at_;
    size_t end = q_.find_first_of(",;|)", at_);
    end = std::min(end, q_.size());
    end = std::min(q_.find("..", at_), end);
    const std::string_view token = q_.substr(start, end - start);
    auto value = bare(token);
    if (value) at_ = end;
    return value;
  }

  base::Result<Literal> quoted() {
    size_t end = at_ + 1;
    while (end < q_.size() && q_[end] != '"') end += q_[end] == '\\' ? 2 : 1;
    if (end >= q_.size()) return error("the string does not end");
    auto text = unquoted(q_.substr(at_, end + 1 - at_));
    if (!text) return error("not a string as JSON has it");
    at_ = end + 1;
    if (is_about_time_) {
      if (const auto time = parse_time(*text)) return Literal(*time);
    }
    return Literal(expands_ ? context_.expand(*text) : std::move(*text));
  }

  base::Result<Literal> bare(std::string_view token) const {
    if (token.empty()) return error("a value expected");
    if (token == "true" || token == "false") return Literal(token == "true");
    double number = 0;
    const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), number);
    const bool starts_as_number = token.front() == '-' || (token.front() >= '0' && token.front() <= '9');
    if (starts_as_number && failure == std::errc() && end == token.data() + token.size() && std::isfinite(number))
      return Literal(number);
    if (const auto time = parse_time(token)) return Literal(*time);
    if (expands_ && is_name(token)) return Literal(context_.expand(token));
    // A word without quotes is no value by the grammar, and yet written by the standard itself (clause 4.9, example
    // 12).
    if (is_date(token) || is_time(token) || is_name(token)) return Literal(std::string(token));
    return error("neither a number, true, false, a time nor a URI", "put strings in double quotes");
  }

  // Bare, or in quotes. Bare, it ends at ';', at '|' outside parentheses, or at a parenthesis that it did not open.
  base::Status pattern(Comparison& to) {
    std::string expression;
    if (next() == '"') {
      size_t end = at_ + 1;
      while (end < q_.size() && q_[end] != '"') end += q_[end] == '\\' ? 2 : 1;
      if (end >= q_.size()) return error("the pattern does not end");
      // A pattern's own backslashes are often written once, which JSON would not allow.
      expression = unquoted(q_.substr(at_, end + 1 - at_)).value_or(std::string(q_.substr(at_ + 1, end - at_ - 1)));
      at_ = end + 1;
    } else {
      const size_t start = at_;
      int open = 0;
      for (; at_ < q_.size(); ++at_) {
        const char c = q_[at_];
        if (c == '\\' && at_ + 1 < q_.size()) {
          ++at_;
          continue;
        }
        if (c == '(') ++open;
        if (c == ')' && open-- == 0) break;
        if (c == ';' || (c == '|' && open == 0)) break;
      }
      expression = q_.substr(start, at_ - start);
    }
    if (expression.empty()) return error("a pattern expected");
    auto compiled = twin::make_pattern(expression);
    if (!compiled)
      return base::fail(compiled.error().code, compiled.error().what, "q, " + to.path.text, compiled.error().remedy);
    to.pattern = std::move(*compiled);
    return {};
  }

  std::string_view q_;
  const Context& context_;
  const TermOf& terms_;
  const std::vector<std::string>& expand_values_;
  size_t at_ = 0;
  size_t comparisons_ = 0;
  bool expands_ = false;        // the values of the path being read are of a vocabulary
  bool is_about_time_ = false;  // it ends in observedAt, createdAt or modifiedAt
};

void append(const Literal& literal, std::string& to) {
  if (const auto* boolean = std::get_if<bool>(&literal)) to += *boolean ? "true" : "false";
  if (const auto* number = std::get_if<double>(&literal)) append_number(*number, to);
  if (const auto* text = std::get_if<std::string>(&literal)) append_quoted(*text, to);
  if (const auto* instant = std::get_if<base::Instant>(&literal)) to += instant->text();
}

void append(const Condition& condition, std::string& to) {
  if (condition.kind == Condition::Kind::all || condition.kind == Condition::Kind::any) {
    for (size_t i = 0; i < condition.children.size(); ++i) {
      if (i != 0) to += condition.kind == Condition::Kind::all ? ';' : '|';
      const Condition& child = condition.children[i];
      const bool is_group = child.kind == Condition::Kind::all || child.kind == Condition::Kind::any;
      if (is_group) to += '(';
      append(child, to);
      if (is_group) to += ')';
    }
    return;
  }
  // The operator stands after the path with all its links.
  const Condition* last = &condition;
  size_t links = 0;
  for (; last->kind == Condition::Kind::linked; last = &last->children.front(), ++links) {
    to += last->comparison.path.text + '{' + last->types_text;
    if (!last->types_text.empty()) to += ':';
  }
  const Comparison& comparison = last->comparison;
  to += comparison.path.text;
  to.append(links, '}');
  if (!comparison.comparator) return;
  for (const Operator& one : operators) {
    if (one.comparator == *comparison.comparator) to += one.text;
  }
  if (comparison.pattern) append_quoted(comparison.pattern->pattern(), to);
  for (size_t i = 0; i < comparison.operands.size(); ++i) {
    if (i != 0) to += ',';
    if (const auto* literal = std::get_if<Literal>(&comparison.operands[i])) {
      append(*literal, to);
    } else {
      const auto& range = std::get<twin::LiteralRange>(comparison.operands[i]);
      append(range.from, to);
      to += "..";
      append(range.to, to);
    }
  }
}

}  // namespace

base::Result<twin::Condition> parse_condition(std::string_view q, const Context& context, const TermOf& terms,
                                              const std::vector<std::string>& expand_values) {
  return ConditionParser(q, context, terms, expand_values).read();
}

std::string text_of(const twin::Condition& condition) {
  std::string text;
  append(condition, text);
  return text;
}

bool same_condition(const twin::Condition& left, const twin::Condition& right) {
  if (left.kind != right.kind) return false;
  if (left.kind != Condition::Kind::comparison) {
    if (left.kind == Condition::Kind::linked &&
        !(left.comparison.path == right.comparison.path && left.types == right.types)) {
      return false;
    }
    return std::equal(left.children.begin(), left.children.end(), right.children.begin(), right.children.end(),
                      same_condition);
  }
  const Comparison& one = left.comparison;
  const Comparison& other = right.comparison;
  if (!(one.path == other.path) || one.comparator != other.comparator || one.operands != other.operands) return false;
  if ((one.pattern == nullptr) != (other.pattern == nullptr)) return false;
  return one.pattern == nullptr || one.pattern->pattern() == other.pattern->pattern();
}

}  // namespace cityloom::ngsi
