#include "serve/sta/expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::Error;
using base::fail;

struct FunctionForm {
  std::string_view name;
  Operation operation;
  size_t least, most;  // arguments
};
constexpr std::array<FunctionForm, 47> functions = {{{"contains", Operation::contains, 2, 2},
                                                     {"substringof", Operation::substring_of, 2, 2},
                                                     {"endswith", Operation::ends_with, 2, 2},
                                                     {"startswith", Operation::starts_with, 2, 2},
                                                     {"length", Operation::length, 1, 1},
                                                     {"indexof", Operation::index_of, 2, 2},
                                                     {"substring", Operation::substring, 2, 3},
                                                     {"tolower", Operation::to_lower, 1, 1},
                                                     {"toupper", Operation::to_upper, 1, 1},
                                                     {"trim", Operation::trim, 1, 1},
                                                     {"concat", Operation::concat, 2, 2},
                                                     {"year", Operation::year, 1, 1},
                                                     {"month", Operation::month, 1, 1},
                                                     {"day", Operation::day, 1, 1},
                                                     {"hour", Operation::hour, 1, 1},
                                                     {"minute", Operation::minute, 1, 1},
                                                     {"second", Operation::second, 1, 1},
                                                     {"fractionalseconds", Operation::fractional_seconds, 1, 1},
                                                     {"date", Operation::date, 1, 1},
                                                     {"time", Operation::time, 1, 1},
                                                     {"totaloffsetminutes", Operation::total_offset_minutes, 1, 1},
                                                     {"now", Operation::now, 0, 0},
                                                     {"mindatetime", Operation::min_date_time, 0, 0},
                                                     {"maxdatetime", Operation::max_date_time, 0, 0},
                                                     {"round", Operation::round, 1, 1},
                                                     {"floor", Operation::floor, 1, 1},
                                                     {"ceiling", Operation::ceiling, 1, 1},
                                                     {"before", Operation::time_before, 2, 2},
                                                     {"after", Operation::time_after, 2, 2},
                                                     {"meets", Operation::time_meets, 2, 2},
                                                     {"during", Operation::time_during, 2, 2},
                                                     {"overlaps", Operation::time_overlaps, 2, 2},
                                                     {"starts", Operation::time_starts, 2, 2},
                                                     {"finishes", Operation::time_finishes, 2, 2},
                                                     {"geo.distance", Operation::geo_distance, 2, 2},
                                                     {"geo.length", Operation::geo_length, 1, 1},
                                                     {"geo.intersects", Operation::geo_intersects, 2, 2},
                                                     {"st_equals", Operation::st_equals, 2, 2},
                                                     {"st_disjoint", Operation::st_disjoint, 2, 2},
                                                     {"st_touches", Operation::st_touches, 2, 2},
                                                     {"st_within", Operation::st_within, 2, 2},
                                                     {"st_overlaps", Operation::st_overlaps, 2, 2},
                                                     {"st_crosses", Operation::st_crosses, 2, 2},
                                                     {"st_intersects", Operation::st_intersects, 2, 2},
                                                     {"st_contains", Operation::st_contains, 2, 2},
                                                     {"st_relate", Operation::st_relate, 3, 3},
                                                     {"fractionalSeconds", Operation::fractional_seconds, 1, 1}}};

struct BinaryForm {
  std::string_view word;
  Operation operation;
  unsigned level;  // binds the stronger the higher
};
constexpr std::array<BinaryForm, 13> binaries = {{{"or", Operation::logical_or, 1},
                                                  {"and", Operation::logical_and, 2},
                                                  {"eq", Operation::equal, 3},
                                                  {"ne", Operation::not_equal, 3},
                                                  {"gt", Operation::greater, 4},
                                                  {"ge", Operation::greater_or_equal, 4},
                                                  {"lt", Operation::less, 4},
                                                  {"le", Operation::less_or_equal, 4},
                                                  {"add", Operation::add, 5},
                                                  {"sub", Operation::subtract, 5},
                                                  {"mul", Operation::multiply, 6},
                                                  {"div", Operation::divide, 6},
                                                  {"mod", Operation::modulo, 6}}};

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c) || c == '.';
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  base::Result<Expression> whole() {
    if (text_.size() > expression_bytes_max) return too_complex("has more than 8,192 bytes");
    auto read = binary(1, 0);
    if (!read.ok()) return read;
    skip();
    if (at_ != text_.size()) return unexpected();
    return read;
  }

 private:
  Error too_complex(std::string what) const {
    return fail(Code::too_complex, "the expression " + what, std::string(where_), "ask for less at once");
  }
  Error unexpected() const {
    const std::string_view rest = text_.substr(at_);
    return fail(
        Code::invalid,
        rest.empty() ? "the expression ends too early" : "this is not understood: " + std::string(rest.substr(0, 40)),
        std::string(where_) + ":" + std::to_string(at_ + 1));
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool take(char c) {
    skip();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view word_here() {
    skip();
    size_t end = at_;
    if (end < text_.size() && is_name_start(text_[end])) {
      while (end < text_.size() && is_name_part(text_[end])) ++end;
    }
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view word) {
    if (word_here() != word) return false;
    at_ += word.size();
    return true;
  }

  // Operators of `level` and above, left to right.
  base::Result<Expression> binary(unsigned level, unsigned depth) {
    if (depth > expression_depth_max) return too_complex("is nested more than 32 deep");
    auto left = unary(depth);
    while (left.ok()) {
      const std::string_view word = word_here();
      const auto form = std::find_if(binaries.begin(), binaries.end(),
                                     [&](const BinaryForm& one) { return one.word == word && one.level >= level; });
      if (form == binaries.end()) return left;
      if (++nodes_ > expression_nodes_max) return too_complex("has more than 500 parts");
      at_ += word.size();
      auto right = binary(form->level + 1, depth + 1);
      if (!right.ok()) return right;
      Expression both;
      both.operation = form->operation;
      both.arguments.push_back(std::move(*left));
      both.arguments.push_back(std::move(*right));
      left = std::move(both);
    }
    return left;
  }

  base::Result<Expression> unary(unsigned depth) {
    if (depth > expression_depth_max) return too_complex("is nested more than 32 deep");
    if (++nodes_ > expression_nodes_max) return too_complex("has more than 500 parts");
    skip();
    const bool is_not = word_here() == "not";
    const bool is_minus = peek() == '-' && !is_digit(peek(1));
    if (!is_not && !is_minus) return primary(depth);
    at_ += is_not ? 3 : 1;
    auto inner = unary(depth + 1);
    if (!inner.ok()) return inner;
    Expression one;
    one.operation = is_not ? Operation::logical_not : Operation::negate;
    one.arguments.push_back(std::move(*inner));
    return one;
  }

  base::Result<Expression> primary(unsigned depth) {
    skip();
    if (take('(')) {
      auto inner = binary(1, depth + 1);
      if (!inner.ok()) return inner;
      if (!take(')')) return unexpected();
      return inner;
    }
    if (peek() == '\'') return text_literal();
    if (is_digit(peek()) || peek() == '-' || peek() == '+') return number_or_time();
    const std::string_view word = word_here();
    if (word.empty()) return unexpected();
    if ((word == "geography" || word == "geometry" || word == "duration") && peek(word.size()) == '\'') {
      at_ += word.size();
      return typed_literal(word);
    }
    if (peek(word.size()) == '(') return function(word, depth);
    if (word == "true" || word == "false" || word == "null") {
      at_ += word.size();
      return literal(word == "null" ? Value(Nothing{}) : Value(word == "true"));
    }
    return path();
  }

  static Expression literal(Value value) {
    Expression made;
    made.literal = std::move(value);
    return made;
  }

  std::optional<std::string> quoted() {
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '\'') {
        text += text_[at_];
      } else if (peek(1) == '\'') {
        text += '\'';
        ++at_;
      } else {
        ++at_;
        return text;
      }
    }
    return {};
  }

  base::Result<Expression> text_literal() {
    auto text = quoted();
    if (!text) return unexpected();
    return literal(std::move(*text));
  }

  base::Result<Expression> typed_literal(std::string_view type) {
    const auto text = quoted();
    if (!text) return unexpected();
    if (type == "duration") {
      const auto duration = read_duration(*text);
      if (!duration.ok()) return duration.error();
      return literal(*duration);
    }
    auto geometry = read_wkt(*text);
    if (!geometry.ok()) return geometry.error();
    return literal(std::move(*geometry));
  }

  base::Result<Expression> number_or_time() {
    size_t end = at_;
    const auto is_part = [](char c) {
      return is_digit(c) || (c >= 'A' && c <= 'Z') || c == ':' || c == '.' || c == '-' || c == '+' || c == '/' ||
             c == 'e';
    };
    while (end < text_.size() && is_part(text_[end])) ++end;
    const std::string_view token = text_.substr(at_, end - at_);
    const bool has_date = token.size() >= 10 && token[4] == '-' && token[7] == '-';
    if (has_date && token.find('T') != std::string_view::npos) {
      auto time = read_time(token, where_);
      if (!time.ok()) return time.error();
      at_ = end;
      return literal(std::move(*time));
    }
    if (has_date || (token.size() >= 5 && token[2] == ':')) {
      at_ = end;
      return literal(std::string(token));
    }
    const size_t sign = token.starts_with('+') ? 1 : 0;
    double number = 0;
    const auto [stop, error] = std::from_chars(token.data() + sign, token.data() + token.size(), number);
    if (error != std::errc() || !std::isfinite(number) || (stop != token.data() + token.size() && *stop != '/')) {
      return unexpected();
    }
    at_ += static_cast<size_t>(stop - token.data());
    return literal(number);
  }

  base::Result<Expression> function(std::string_view name, unsigned depth) {
    const auto form =
        std::find_if(functions.begin(), functions.end(), [&](const FunctionForm& one) { return one.name == name; });
    if (form == functions.end()) {
      return fail(Code::invalid, "there is no function of this name: " + std::string(name.substr(0, 40)),
                  std::string(where_) + ":" + std::to_string(at_ + 1));
    }
    at_ += name.size() + 1;
    Expression made;
    made.operation = form->operation;
    if (!take(')')) {
      do {
        auto argument = binary(1, depth + 1);
        if (!argument.ok()) return argument;
        made.arguments.push_back(std::move(*argument));
      } while (take(','));
      if (!take(')')) return unexpected();
    }
    if (made.arguments.size() < form->least || made.arguments.size() > form->most) {
      return fail(Code::invalid, std::string(name) + " takes another number of arguments", std::string(where_));
    }
    return made;
  }

  base::Result<Expression> path() {
    Expression made;
    for (;;) {
      size_t end = at_;
      while (end < text_.size() && is_name_part(text_[end])) ++end;
      if (end == at_) return unexpected();
      made.path.emplace_back(text_.substr(at_, end - at_));
      at_ = end;
      if (peek() != '/') return made;
      ++at_;
      if (made.path.size() == 16) return too_complex("has a path of more than 16 steps");
    }
  }

  std::string_view text_;
  std::string_view where_;
  size_t at_ = 0;
  size_t nodes_ = 0;
};

}  // namespace

base::Result<Expression> parse_expression(std::string_view text, std::string_view where) {
  return Parser(text, where).whole();
}

}  // namespace cityloom::serve::sta
