// Decimal scaling, fractions and rounded fractions, each checked bit by bit; else ordered bits.
#include "thread/value_model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "thread/integer_packing.hpp"

namespace cityloom::thread {
namespace {

constexpr double exact_max = 9007199254740992.0;  // 2^53
constexpr unsigned exponent_max = 17;
constexpr std::array<double, exponent_max + 1> powers_of_ten = {1,   1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                                                1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};
// Each covers its divisors, since a common factor of the integers is taken out later: averages of up to 12 samples
// and of averages, minutes and seconds of a day, steps of converters of 8 to 24 bits.
constexpr std::array<uint32_t, 22> denominators = {6,   7,    9,     11,     13,      72,      168,   360,
                                                   504, 840,  2520,  3600,   5040,    27720,   55440, 86400,
                                                   256, 4096, 65536, 720720, 1048576, 16777216};
constexpr size_t sample_size = 64;
constexpr double exception_bits = 74;  // a whole value and its position
constexpr double good_enough_bits = 20;

struct Model {
  enum class Form : uint8_t { bits, decimal, fraction, rounded_fraction };
  Form form = Form::bits;
  uint8_t exponent = 0;
  uint32_t denominator = 1;
};

struct Fit {
  Model model;
  double bits_each = std::numeric_limits<double>::infinity();
};

int64_t ordered_bits(double value) {
  const auto bits = std::bit_cast<int64_t>(value);
  return bits ^ ((bits >> 63) & std::numeric_limits<int64_t>::max());
}

double from_ordered_bits(int64_t bits) {
  return std::bit_cast<double>(bits ^ ((bits >> 63) & std::numeric_limits<int64_t>::max()));
}

// The three ways back. They must give the same bits on every machine and at every level of optimisation: one rounding
// per operation, and no multiplication next to an addition that a compiler could fuse.
struct FromDecimal {
  double power;
  double operator()(int64_t integer) const { return static_cast<double>(integer) / power; }
};
struct FromRoundedFraction {
  double factor, power;
  double operator()(int64_t integer) const { return std::rint(static_cast<double>(integer) * factor) / power; }
};

template <class Visit>
void with_way_back(const Model& model, const Visit& visit) {
  switch (model.form) {
    case Model::Form::bits:
      return visit(from_ordered_bits);
    case Model::Form::decimal:
      return visit(FromDecimal{powers_of_ten[model.exponent]});
    case Model::Form::fraction:
      return visit(FromDecimal{static_cast<double>(model.denominator)});
    case Model::Form::rounded_fraction:
      return visit(
          FromRoundedFraction{powers_of_ten[model.exponent] / model.denominator, powers_of_ten[model.exponent]});
  }
}

/// The integer from which the way back gives this very value, or nothing.
template <class WayBack>
std::optional<int64_t> integer_of(double value, double scale, const WayBack& way_back) {
  const double scaled = std::rint(value * scale);
  if (!(scaled >= -exact_max && scaled <= exact_max)) return std::nullopt;
  const auto integer = static_cast<int64_t>(scaled);
  if (std::bit_cast<uint64_t>(way_back(integer)) != std::bit_cast<uint64_t>(value)) return std::nullopt;
  return integer;
}

double scale_of(const Model& model) {
  return model.form == Model::Form::decimal ? powers_of_ten[model.exponent] : static_cast<double>(model.denominator);
}

struct Bucket {
  size_t count = 0;
  double smallest = std::numeric_limits<double>::infinity();
  double largest = -std::numeric_limits<double>::infinity();

  void add(double value) {
    ++count;
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
  }
  void add(const Bucket& other) {
    count += other.count;
    smallest = std::min(smallest, other.smallest);
    largest = std::max(largest, other.largest);
  }
  double bits_each(double scale, size_t total) const {
    if (count == 0) return std::numeric_limits<double>::infinity();
    if (std::max(std::abs(smallest), std::abs(largest)) * scale > exact_max)
      return std::numeric_limits<double>::infinity();
    const double kept = std::ceil(std::log2((largest - smallest) * scale + 1)) * static_cast<double>(count);
    return (kept + exception_bits * static_cast<double>(total - count)) / static_cast<double>(total);
  }
};

/// The least number of decimals that states the value, or exponent_max + 1.
unsigned decimals_of(double value, unsigned guess) {
  const auto stated_by = [value](unsigned exponent) {
    const double power = powers_of_ten[exponent];
    return integer_of(value, power, FromDecimal{power}).has_value();
  };
  if (guess <= exponent_max && stated_by(guess) && (guess == 0 || !stated_by(guess - 1))) return guess;
  unsigned exponent = 0;
  while (exponent <= exponent_max && !stated_by(exponent)) ++exponent;
  return exponent;
}

Fit best_decimal(std::span<const double> values) {
  std::array<Bucket, exponent_max + 2> by_decimals;
  unsigned guess = 0;
  for (const double value : values) {
    guess = decimals_of(value, guess);
    by_decimals[guess].add(value);
  }
  Fit best;
  Bucket covered;
  for (unsigned exponent = 0; exponent <= exponent_max; ++exponent) {
    covered.add(by_decimals[exponent]);
    const double bits = covered.bits_each(powers_of_ten[exponent], values.size());
    if (bits < best.bits_each) best = {{Model::Form::decimal, static_cast<uint8_t>(exponent), 1}, bits};
  }
  return best;
}

/// The best fraction for an evenly taken sample; with `exponent`, rounded to so many decimals.
Fit best_fraction(std::span<const double> values, std::optional<uint8_t> exponent) {
  const size_t stride = std::max<size_t>(1, values.size() / sample_size);
  Fit best;
  for (const uint32_t denominator : denominators) {
    const Model model = exponent ? Model{Model::Form::rounded_fraction, *exponent, denominator}
                                 : Model{Model::Form::fraction, 0, denominator};
    Bucket fitting;
    size_t total = 0;
    with_way_back(model, [&](const auto& way_back) {
      for (size_t i = 0; i < values.size(); i += stride) {
        ++total;
        if (integer_of(values[i], denominator, way_back)) fitting.add(values[i]);
      }
    });
    const double bits = fitting.bits_each(denominator, total);
    if (bits < best.bits_each) best = {model, bits};
  }
  return best;
}

Fit best_model(std::span<const double> values) {
  Fit best = best_decimal(values);
  if (best.bits_each <= good_enough_bits) return best;
  if (best.model.exponent >= 3) {
    const Fit rounded = best_fraction(values, best.model.exponent);
    if (rounded.bits_each < best.bits_each) best = rounded;
  }
  const Fit fraction = best_fraction(values, std::nullopt);
  return fraction.bits_each < best.bits_each ? fraction : best;
}

void put_form(const Model& model, std::string& to) {
  to.push_back(static_cast<char>(model.form));
  to.push_back(static_cast<char>(model.exponent));
  put_varint(model.denominator, to);
}

std::string with_bits(std::span<const double> values) {
  std::string bytes;
  std::vector<int64_t> integers(values.size());
  std::transform(values.begin(), values.end(), integers.begin(), ordered_bits);
  put_form({}, bytes);
  pack_integers(integers, bytes);
  put_varint(0, bytes);
  return bytes;
}

std::string with_model(std::span<const double> values, const Model& model) {
  std::vector<int64_t> integers(values.size());
  std::string exceptions;
  size_t exception_count = 0, next = 0;
  with_way_back(model, [&](const auto& way_back) {
    const double scale = scale_of(model);
    int64_t before = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (const auto integer = integer_of(values[i], scale, way_back)) {
        before = *integer;
      } else {
        ++exception_count;
        put_varint(i - next, exceptions);
        next = i + 1;
        std::array<char, sizeof(double)> whole;
        std::memcpy(whole.data(), &values[i], whole.size());
        exceptions.append(whole.data(), whole.size());
      }
      integers[i] = before;
    }
  });
  std::string bytes;
  put_form(model, bytes);
  pack_integers(integers, bytes);
  put_varint(exception_count, bytes);
  return bytes + exceptions;
}

bool take_exceptions(std::string_view& from, std::span<double> values) {
  uint64_t count;
  if (!take_varint(from, count) || count > values.size()) return false;
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t gap;
    if (!take_varint(from, gap) || gap >= values.size() - next || from.size() < sizeof(double)) return false;
    std::memcpy(&values[next + gap], from.data(), sizeof(double));
    from.remove_prefix(sizeof(double));
    next += gap + 1;
  }
  return true;
}

}  // namespace

void pack_values(std::span<const double> values, std::string& to) {
  if (values.empty()) return;
  const Fit fit = best_model(values);
  if (fit.bits_each > good_enough_bits) {
    const std::string bits = with_bits(values);
    const std::string modelled = std::isfinite(fit.bits_each) ? with_model(values, fit.model) : bits;
    to += modelled.size() < bits.size() ? modelled : bits;
    return;
  }
  to += with_model(values, fit.model);
}

bool unpack_values(std::string_view& from, std::span<double> values) {
  if (values.empty()) return true;
  if (from.size() < 2) return false;
  Model model;
  const auto form = static_cast<uint8_t>(from[0]);
  model.form = static_cast<Model::Form>(form);
  model.exponent = static_cast<uint8_t>(from[1]);
  from.remove_prefix(2);
  uint64_t denominator;
  if (form > 3 || model.exponent > exponent_max || !take_varint(from, denominator)) return false;
  if (denominator == 0 || denominator > std::numeric_limits<uint32_t>::max()) return false;
  model.denominator = static_cast<uint32_t>(denominator);
  std::vector<int64_t> integers(values.size());
  if (!unpack_integers(from, integers)) return false;
  with_way_back(model, [&](const auto& way_back) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = way_back(integers[i]);
  });
  return take_exceptions(from, values);
}

}  // namespace cityloom::thread
