// A parser by recursive descent that writes code for a small stack machine.
#include "space/objects/expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t characters_max = 500;
constexpr size_t depth_max = 32;
// Every level of brackets leaves some operands waiting: one a level of the grammar, two more in a function.
constexpr size_t stack_max = 10 * (depth_max + 2);
constexpr double radians_per_degree = 3.14159265358979323846 / 180;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

class ExpressionParser {
 public:
  using Operation = Expression::Operation;

  ExpressionParser(std::string_view text, std::span<const std::string> names) : text_(text), names_(names) {}

  base::Result<Expression> parse() {
    made_.code_.clear();
    either();
    skip_space();
    if (!error_ && at_ < text_.size()) refuse("'" + std::string(1, text_[at_]) + "' does not belong here");
    if (error_) return *error_;
    return std::move(made_);
  }

 private:
  struct Word {
    std::string_view text;
    Operation operation;
  };

  void refuse(const std::string& what, Code code = Code::invalid, std::string remedy = {}) {
    if (error_) return;
    error_ = fail(
        code,
        "in the formula '" + std::string(text_.substr(0, 80)) + "', character " + std::to_string(at_ + 1) + ": " + what,
        {}, std::move(remedy));
  }
  void emit(Operation operation, uint32_t name = 0, double number = 0) {
    made_.code_.push_back({operation, name, number});
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(std::string_view word) {
    skip_space();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  // Operands of one level, joined by operators of that level, from left to right.
  template <size_t N>
  void level(void (ExpressionParser::*operand)(), const std::array<Word, N>& operators) {
    (this->*operand)();
    while (!error_) {
      const auto found =
          std::find_if(operators.begin(), operators.end(), [this](const Word& word) { return take(word.text); });
      if (found == operators.end()) return;
      (this->*operand)();
      emit(found->operation);
    }
  }

  void either() { level(&ExpressionParser::both, std::array{Word{"||", Operation::either}}); }
  void both() { level(&ExpressionParser::comparison, std::array{Word{"&&", Operation::both}}); }
  void comparison() {
    level(&ExpressionParser::sum,
          std::array{Word{"<=", Operation::less_or_equal}, Word{">=", Operation::greater_or_equal},
                     Word{"==", Operation::equal}, Word{"!=", Operation::not_equal}, Word{"<", Operation::less},
                     Word{">", Operation::greater}});
  }
  void sum() {
    level(&ExpressionParser::product, std::array{Word{"+", Operation::add}, Word{"-", Operation::subtract}});
  }
  void product() {
    level(&ExpressionParser::sign, std::array{Word{"*", Operation::multiply}, Word{"/", Operation::divide}});
  }
  void sign() {
    if (++depth_ > depth_max) return refuse("it is too deep", Code::too_complex);
    if (take("-")) {
      sign();
      emit(Operation::negate);
    } else if (take("!")) {
      sign();
      emit(Operation::not_);
    } else {
      primary();
    }
    --depth_;
  }
  void primary() {
    skip_space();
    if (error_) return;
    if (at_ == text_.size()) return refuse("something is missing at the end");
    if (take("(")) return bracket();
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return name_or_function();
    refuse("'" + std::string(1, c) + "' is no number, name or bracket");
  }
  void bracket() {
    either();
    if (!error_ && !take(")")) refuse("a bracket is not closed");
  }
  void number() {
    double number = 0;
    const auto [end, problem] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (problem != std::errc{} || !std::isfinite(number)) return refuse("this number cannot be read");
    at_ = static_cast<size_t>(end - text_.data());
    emit(Operation::number, 0, number);
  }
  void name_or_function() {
    const size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (take("(")) return function(word);
    const auto found = std::find(names_.begin(), names_.end(), word);
    if (found != names_.end()) return emit(Operation::name, static_cast<uint32_t>(found - names_.begin()));
    std::string known;
    for (const std::string& name : names_) known += (known.empty() ? "" : ", ") + name;
    refuse("there is no '" + std::string(word) + "'", Code::invalid, known.empty() ? "" : "use one of: " + known);
  }
  void function(std::string_view word) {
    static constexpr std::array functions{
        Word{"min", Operation::min},     Word{"max", Operation::max},     Word{"mod", Operation::mod},
        Word{"abs", Operation::abs},     Word{"floor", Operation::floor}, Word{"ceil", Operation::ceil},
        Word{"round", Operation::round}, Word{"sqrt", Operation::sqrt},   Word{"sin", Operation::sin},
        Word{"cos", Operation::cos},     Word{"tan", Operation::tan},     Word{"if", Operation::choose}};
    const auto found =
        std::find_if(functions.begin(), functions.end(), [&](const Word& known) { return known.text == word; });
    if (found == functions.end()) {
      return refuse("there is no function '" + std::string(word) + "'", Code::invalid,
                    "use min, max, mod, abs, floor, ceil, round, sqrt, sin, cos, tan or if");
    }
    const size_t count = Expression::operands_of(found->operation);
    for (size_t i = 0; i < count && !error_; ++i) {
      if (i > 0 && !take(",")) {
        return refuse(std::string(word) + " takes " + std::to_string(count) + " operands with commas between");
      }
      either();
    }
    if (!error_ && !take(")")) refuse(std::string(word) + " takes " + std::to_string(count) + " operands, then ')'");
    emit(found->operation);
  }

  std::string_view text_;
  std::span<const std::string> names_;
  size_t at_ = 0;
  size_t depth_ = 0;
  Expression made_;
  std::optional<base::Error> error_;
};

size_t Expression::operands_of(Operation operation) {
  switch (operation) {
    case Operation::number:
    case Operation::name:
      return 0;
    case Operation::negate:
    case Operation::not_:
    case Operation::abs:
    case Operation::floor:
    case Operation::ceil:
    case Operation::round:
    case Operation::sqrt:
    case Operation::sin:
    case Operation::cos:
    case Operation::tan:
      return 1;
    case Operation::choose:
      return 3;
    default:
      return 2;
  }
}

double Expression::apply(Operation operation, const double* v) {
  switch (operation) {
    case Operation::negate:
      return -v[0];
    case Operation::not_:
      return v[0] == 0 ? 1 : 0;
    case Operation::add:
      return v[0] + v[1];
    case Operation::subtract:
      return v[0] - v[1];
    case Operation::multiply:
      return v[0] * v[1];
    case Operation::divide:
      return v[0] / v[1];
    case Operation::less:
      return v[0] < v[1] ? 1 : 0;
    case Operation::less_or_equal:
      return v[0] <= v[1] ? 1 : 0;
    case Operation::greater:
      return v[0] > v[1] ? 1 : 0;
    case Operation::greater_or_equal:
      return v[0] >= v[1] ? 1 : 0;
    case Operation::equal:
      return v[0] == v[1] ? 1 : 0;
    case Operation::not_equal:
      return v[0] != v[1] ? 1 : 0;
    case Operation::both:
      return v[0] != 0 && v[1] != 0 ? 1 : 0;
    case Operation::either:
      return v[0] != 0 || v[1] != 0 ? 1 : 0;
    case Operation::min:
      return std::min(v[0], v[1]);
    case Operation::max:
      return std::max(v[0], v[1]);
    case Operation::mod:
      return v[0] - v[1] * std::floor(v[0] / v[1]);
    case Operation::abs:
      return std::abs(v[0]);
    case Operation::floor:
      return std::floor(v[0]);
    case Operation::ceil:
      return std::ceil(v[0]);
    case Operation::round:
      return std::round(v[0]);
    case Operation::sqrt:
      return std::sqrt(v[0]);
    case Operation::sin:
      return std::sin(v[0] * radians_per_degree);
    case Operation::cos:
      return std::cos(v[0] * radians_per_degree);
    case Operation::tan:
      return std::tan(v[0] * radians_per_degree);
    case Operation::choose:
      return v[0] != 0 ? v[1] : v[2];
    case Operation::number:
    case Operation::name:
      break;
  }
  return 0;
}

base::Result<Expression> Expression::parse(std::string_view text, std::span<const std::string> names) {
  if (text.size() > characters_max) {
    return fail(Code::too_complex, "a formula has at most " + std::to_string(characters_max) + " characters");
  }
  return ExpressionParser(text, names).parse();
}

double Expression::value(std::span<const double> values) const {
  std::array<double, stack_max> stack;
  size_t size = 0;
  for (const Step& step : code_) {
    const size_t count = operands_of(step.operation);
    if (size < count || size == stack_max) return std::nan("");
    size -= count;
    switch (step.operation) {
      case Operation::number:
        stack[size++] = step.number;
        break;
      case Operation::name:
        stack[size++] = step.name < values.size() ? values[step.name] : std::nan("");
        break;
      default:
        stack[size] = apply(step.operation, stack.data() + size);
        ++size;
    }
  }
  return size == 1 ? stack[0] : std::nan("");
}

void Expression::fix(std::span<const std::pair<uint32_t, double>> known) {
  for (Step& step : code_) {
    if (step.operation != Operation::name) continue;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& pair) { return pair.first == step.name; });
    if (found != known.end()) step = {Operation::number, 0, found->second};
  }
}

bool Expression::is_constant() const {
  return std::none_of(code_.begin(), code_.end(), [](const Step& step) { return step.operation == Operation::name; });
}

}  // namespace cityloom::space
