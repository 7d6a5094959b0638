// Formulas in declarations of objects: "height - 0.2", "if(lanes > 2, 1.8, 1.2)".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

/// A formula over named numbers, ready to be worked out many times. A value; any worker.
///
/// Numbers, names, + - * / and brackets; < <= > >= == != give 1 or 0; ! && || ask whether something is not 0; functions
/// min(a, b), max(a, b), mod(a, b), abs, floor, ceil, round, sqrt, sin, cos, tan (of degrees), if(a, then, else).
class Expression {
 public:
  /// Always 0.
  Expression() : Expression(0) {}
  /// Always this number.
  explicit Expression(double number) : code_{{Operation::number, 0, number}} {}

  /// `names` are those it may use; a name's place in the list is its number. Errors: invalid (syntax, unknown name),
  /// too_complex (over 500 characters, or deeper than 32 brackets). Cost: linear.
  static base::Result<Expression> parse(std::string_view text, std::span<const std::string> names);

  /// Its value where the names have these values. NaN or infinite where it divides by 0 and the like.
  /// `values` must hold as many as there were names.
  double value(std::span<const double> values) const;

  /// Puts numbers in place of names that never change: (number of the name, value).
  void fix(std::span<const std::pair<uint32_t, double>> known);

  /// Whether it uses no name.
  bool is_constant() const;

 private:
  friend class ExpressionParser;
  /// A stack machine: numbers and names are put on it, the others take theirs from it.
  enum class Operation : uint8_t {
    number,
    name,
    negate,
    not_,
    add,
    subtract,
    multiply,
    divide,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    equal,
    not_equal,
    both,
    either,
    min,
    max,
    mod,
    abs,
    floor,
    ceil,
    round,
    sqrt,
    sin,
    cos,
    tan,
    choose,
  };
  struct Step {
    Operation operation;
    uint32_t name = 0;
    double number = 0;
  };
  static size_t operands_of(Operation operation);
  static double apply(Operation operation, const double* operands);

  std::vector<Step> code_;
};

}  // namespace cityloom::space
