#include "thread/value_index.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>

#include "absl/container/inlined_vector.h"
#include "absl/hash/hash.h"
#include "twin/packed.hpp"

namespace cityloom::thread {

using twin::Comparator;
using twin::Comparison;
using twin::Condition;
using twin::EntityRecord;
using twin::Literal;
using twin::LiteralRange;
using twin::Term;

namespace {

constexpr size_t words_max = 4'096;
constexpr size_t word_bytes_max = 1'024;  // longer ones are always hashed
constexpr uint32_t word_bits = 64;

uint64_t bits_of(double number) {
  return std::bit_cast<uint64_t>(number);
}

uint64_t hash_of(std::string_view text) {
  return std::max<uint64_t>(absl::Hash<std::string_view>()(text), 1);
}

template <class Kind>
bool are(const std::variant<Literal, LiteralRange>& operand) {
  if (const auto* one = std::get_if<Literal>(&operand)) return std::holds_alternative<Kind>(*one);
  const auto& range = std::get<LiteralRange>(operand);
  return std::holds_alternative<Kind>(range.from) && std::holds_alternative<Kind>(range.to);
}

bool by_equality(const std::variant<Literal, LiteralRange>& operand) {
  const auto* one = std::get_if<Literal>(&operand);
  return one != nullptr && (std::holds_alternative<bool>(*one) || std::holds_alternative<std::string>(*one));
}

}  // namespace

void Column::add(uint32_t number, uint64_t bits) {
  std::unique_ptr<Piece>& piece = pieces_[number / piece_size];
  if (piece == nullptr) {
    piece = std::make_unique<Piece>();
    piece->fill(none_);
  }
  uint64_t& cell = (*piece)[number % piece_size];
  if (cell == none_ || cell == bits) {
    cell = bits;
    return;
  }
  std::vector<uint64_t>& more = more_[number];
  if (std::find(more.begin(), more.end(), bits) == more.end()) more.push_back(bits);
}

void Column::remove(uint32_t number, uint64_t bits) {
  const auto piece = pieces_.find(number / piece_size);
  if (piece == pieces_.end()) return;
  uint64_t& cell = (*piece->second)[number % piece_size];
  const auto more = more_.find(number);
  if (cell == bits) {
    cell = more == more_.end() ? none_ : more->second.back();
    bits = cell;  // moved: no longer among the others
  }
  if (more == more_.end()) return;
  std::erase(more->second, bits);
  if (more->second.empty()) more_.erase(more);
}

template <class Holds>
Numbers Column::with(const Holds& holds) const {
  std::vector<uint32_t> numbers;
  for (const auto& [part, piece] : pieces_) {
    for (uint32_t first = 0; first < piece_size; first += word_bits) {
      uint64_t found = 0;
      for (uint32_t i = 0; i < word_bits; ++i) found |= static_cast<uint64_t>(holds((*piece)[first + i])) << i;
      for (; found != 0; found &= found - 1)
        numbers.push_back(part * piece_size + first + static_cast<uint32_t>(std::countr_zero(found)));
    }
  }
  Numbers set;
  set.addMany(numbers.size(), numbers.data());
  for (const auto& [number, values] : more_) {
    if (std::any_of(values.begin(), values.end(), holds)) set.add(number);
  }
  return set;
}

ValueIndex::ValueIndex(Term attribute)
    : attribute_(attribute), numbers_(std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN())) {}

struct ValueIndex::Values {
  absl::InlinedVector<uint64_t, 4> numbers;
  absl::InlinedVector<std::string_view, 4> texts;
  bool is_true = false, is_false = false, other = false, any = false;
};

bool ValueIndex::can_tell(const Comparison& comparison) {
  const twin::AttributePath& path = comparison.path;
  if (!path.members.empty() || !path.json_path.empty() || path.about != twin::AttributePath::About::value) return false;
  if (path.name == twin::terms::created_at || path.name == twin::terms::modified_at) return false;
  if (!comparison.comparator) return true;
  const auto& operands = comparison.operands;
  switch (*comparison.comparator) {
    case Comparator::equal:
      return std::all_of(operands.begin(), operands.end(),
                         [](const auto& operand) { return are<double>(operand) || by_equality(operand); });
    case Comparator::greater:
    case Comparator::greater_or_equal:
    case Comparator::less:
    case Comparator::less_or_equal:
      return operands.size() == 1 && std::holds_alternative<Literal>(operands.front()) && are<double>(operands.front());
    default:
      return false;
  }
}

ValueIndex::Values ValueIndex::values_of(const EntityRecord& record) const {
  using Kind = twin::AttributeView::ValueKind;
  Values values;
  if (!record.exists()) return values;
  twin::PackedAttributes all(record.attributes_bytes());
  twin::AttributeView view;
  for (twin::InstanceKey key; all.next(key);) {
    if (key.name != attribute_ || !twin::read_attribute(all.last_bytes(), view)) continue;
    values.any = true;
    if (view.value_kind == Kind::integer) values.numbers.push_back(bits_of(static_cast<double>(view.integer)));
    if (view.value_kind == Kind::number) values.numbers.push_back(bits_of(view.number));
    if (view.value_kind == Kind::string) values.texts.push_back(view.text);
    values.is_true |= view.value_kind == Kind::true_;
    values.is_false |= view.value_kind == Kind::false_;
    values.other |= view.value_kind == Kind::json;
  }
  return values;
}

void ValueIndex::add_text(std::string_view text, uint32_t number) {
  if (!many_texts_ && words_.size() >= words_max && !words_.contains(text)) {
    for (const auto& [word, numbers] : words_) {
      for (const uint32_t one : numbers) texts_.add(one, hash_of(word));
    }
    words_.clear();
    many_texts_ = true;
  }
  if (many_texts_ || text.size() > word_bytes_max) {
    texts_.add(number, hash_of(text));
  } else {
    const auto word = words_.find(text);
    (word == words_.end() ? words_[std::string(text)] : word->second).add(number);
  }
}

void ValueIndex::remove_text(std::string_view text, uint32_t number) {
  if (many_texts_ || text.size() > word_bytes_max) {
    texts_.remove(number, hash_of(text));
    return;
  }
  const auto found = words_.find(text);
  if (found == words_.end()) return;
  found->second.remove(number);
  if (found->second.isEmpty()) words_.erase(found);
}

void ValueIndex::add(const Values& values, const Values& but, uint32_t number) {
  for (const uint64_t one : values.numbers) {
    if (std::find(but.numbers.begin(), but.numbers.end(), one) == but.numbers.end()) numbers_.add(number, one);
  }
  for (const std::string_view one : values.texts) {
    if (std::find(but.texts.begin(), but.texts.end(), one) == but.texts.end()) add_text(one, number);
  }
  if (values.is_true && !but.is_true) true_.add(number);
  if (values.is_false && !but.is_false) false_.add(number);
  if (values.other && !but.other) others_.add(number);
  if (values.any && !but.any) holders_.add(number);
}

void ValueIndex::remove(const Values& values, const Values& but, uint32_t number) {
  for (const uint64_t one : values.numbers) {
    if (std::find(but.numbers.begin(), but.numbers.end(), one) == but.numbers.end()) numbers_.remove(number, one);
  }
  for (const std::string_view one : values.texts) {
    if (std::find(but.texts.begin(), but.texts.end(), one) == but.texts.end()) remove_text(one, number);
  }
  if (values.is_true && !but.is_true) true_.remove(number);
  if (values.is_false && !but.is_false) false_.remove(number);
  if (values.other && !but.other) others_.remove(number);
  if (values.any && !but.any) holders_.remove(number);
}

void ValueIndex::change(const EntityRecord& before, const EntityRecord& after, uint32_t number) {
  const Values old_values = values_of(before);
  const Values new_values = values_of(after);
  // What a learner reads meanwhile is as before or as after; both are right, since what is there already stays.
  remove(old_values, new_values, number);
  add(new_values, {}, number);
}

Numbers ValueIndex::equal_to(const Literal& literal) const {
  if (const auto* truth = std::get_if<bool>(&literal)) return *truth ? true_ : false_;
  if (const auto* number = std::get_if<double>(&literal)) {
    return numbers_.with([wanted = *number](uint64_t bits) { return std::bit_cast<double>(bits) == wanted; });
  }
  const auto& text = std::get<std::string>(literal);
  if (many_texts_ || text.size() > word_bytes_max)
    return texts_.with([hash = hash_of(text)](uint64_t bits) { return bits == hash; });
  const auto found = words_.find(text);
  return found == words_.end() ? Numbers() : found->second;
}

Narrowed ValueIndex::find_equal(const Comparison& comparison) const {
  Narrowed found{others_, others_.isEmpty()};
  for (const auto& operand : comparison.operands) {
    if (const auto* one = std::get_if<Literal>(&operand)) {
      found.numbers |= equal_to(*one);
      // Of texts that are found by their hash one may be another.
      const auto* text = std::get_if<std::string>(one);
      found.exact = found.exact && (text == nullptr || (!many_texts_ && text->size() <= word_bytes_max));
      continue;
    }
    const auto& range = std::get<LiteralRange>(operand);
    found.numbers |=
        numbers_.with([from = std::get<double>(range.from), to = std::get<double>(range.to)](uint64_t bits) {
          return std::bit_cast<double>(bits) >= from && std::bit_cast<double>(bits) <= to;
        });
  }
  return found;
}

Narrowed ValueIndex::find(const Comparison& comparison) const {
  if (!comparison.comparator) return {holders_, true};
  if (*comparison.comparator == Comparator::equal) return find_equal(comparison);
  Narrowed found{others_, others_.isEmpty()};
  const auto add_those = [&](const auto& holds) {
    found.numbers |= numbers_.with([&](uint64_t bits) { return holds(std::bit_cast<double>(bits)); });
  };
  const double bound = std::get<double>(std::get<Literal>(comparison.operands.front()));
  switch (*comparison.comparator) {
    case Comparator::greater:
      add_those([&](double value) { return value > bound; });
      break;
    case Comparator::greater_or_equal:
      add_those([&](double value) { return value >= bound; });
      break;
    case Comparator::less:
      add_those([&](double value) { return value < bound; });
      break;
    default:
      add_those([&](double value) { return value <= bound; });
      break;
  }
  return found;
}

uint64_t ValueIndex::memory_bytes() const {
  constexpr uint64_t word_bytes = 300;  // with its set
  const uint64_t named = true_.cardinality() + false_.cardinality() + others_.cardinality() + holders_.cardinality();
  return numbers_.memory_bytes() + texts_.memory_bytes() + words_.size() * word_bytes + named / 4;
}

const ValueIndexes::Held* ValueIndexes::ready(Term attribute) const {
  const auto found = held_.find(attribute.number);
  if (found == held_.end() || found->second->state != Held::State::ready) return nullptr;
  return found->second.get();
}

std::optional<Narrowed> ValueIndexes::narrow_all(const Condition& condition) const {
  std::optional<Narrowed> narrowed;
  bool exact = true;
  for (const Condition& child : condition.children) {
    auto one = narrow_held(child);
    exact = exact && one && one->exact;
    if (!one) continue;
    if (narrowed)
      narrowed->numbers &= one->numbers;
    else
      narrowed = std::move(one);
  }
  if (narrowed) narrowed->exact = exact;
  return narrowed;
}

std::optional<Narrowed> ValueIndexes::narrow_any(const Condition& condition) const {
  Narrowed narrowed{{}, true};
  for (const Condition& child : condition.children) {
    const auto one = narrow_held(child);
    if (!one) return {};
    narrowed.numbers |= one->numbers;
    narrowed.exact = narrowed.exact && one->exact;
  }
  return narrowed;
}

std::optional<Narrowed> ValueIndexes::narrow_held(const Condition& condition) const {
  switch (condition.kind) {
    case Condition::Kind::all:
      return narrow_all(condition);
    case Condition::Kind::any:
      return narrow_any(condition);
    case Condition::Kind::comparison: {
      if (!ValueIndex::can_tell(condition.comparison)) return {};
      const Held* held = ready(condition.comparison.path.name);
      if (held == nullptr) return {};
      held->used.store(++uses_, std::memory_order_relaxed);
      return held->index.find(condition.comparison);
    }
    case Condition::Kind::linked:
      break;
  }
  return {};
}

std::optional<Narrowed> ValueIndexes::narrow(const Condition& condition) const {
  if (count_.load(std::memory_order_acquire) == 0) return {};
  const std::shared_lock lock(mutex_);
  return narrow_held(condition);
}

bool ValueIndexes::could_tell(const Condition& condition) const {
  const auto child_could = [&](const Condition& child) { return could_tell(child); };
  switch (condition.kind) {
    case Condition::Kind::all:
      return std::any_of(condition.children.begin(), condition.children.end(), child_could);
    case Condition::Kind::any:
      return std::all_of(condition.children.begin(), condition.children.end(), child_could);
    case Condition::Kind::comparison:
      return ValueIndex::can_tell(condition.comparison);
    case Condition::Kind::linked:
      break;
  }
  return false;
}

void ValueIndexes::add_missing(const Condition& condition, std::vector<Term>& to) const {
  if (!could_tell(condition)) return;
  for (const Condition& child : condition.children) add_missing(child, to);
  if (condition.kind != Condition::Kind::comparison) return;
  const Term name = condition.comparison.path.name;
  if (!held_.contains(name.number) && std::find(to.begin(), to.end(), name) == to.end()) to.push_back(name);
}

std::vector<Term> ValueIndexes::missing(const Condition& condition) const {
  std::vector<Term> attributes;
  const std::shared_lock lock(mutex_);
  add_missing(condition, attributes);
  return attributes;
}

bool ValueIndexes::start(Term attribute) {
  const std::unique_lock lock(mutex_);
  const auto [held, is_new] = held_.try_emplace(attribute.number);
  if (!is_new) return false;
  held->second = std::make_unique<Held>(attribute);
  held->second->used = ++uses_;
  count_.store(held_.size(), std::memory_order_release);
  return true;
}

void ValueIndexes::learn(Term attribute, uint32_t first, std::span<const EntityRecord> records) {
  const std::unique_lock lock(mutex_);
  const auto held = held_.find(attribute.number);
  if (held == held_.end() || held->second->state != Held::State::learning) return;
  for (const EntityRecord& record : records) {
    if (record) held->second->index.change({}, record, first);
    ++first;
  }
}

void ValueIndexes::finish(Term attribute, bool complete) {
  const std::unique_lock lock(mutex_);
  const auto held = held_.find(attribute.number);
  if (held == held_.end()) return;
  if (complete && held->second->state == Held::State::learning) held->second->state = Held::State::ready;
  if (!complete) held_.erase(held);
  keep_to_limits();
}

void ValueIndexes::change_all(const EntityRecord& before, const EntityRecord& after, uint32_t number) {
  constexpr uint64_t changes_between_looks = 65'536;
  const std::unique_lock lock(mutex_);
  for (const auto& [attribute, held] : held_) {
    if (held->state != Held::State::too_large) held->index.change(before, after, number);
  }
  if (++changes_ % changes_between_looks == 0) keep_to_limits();
}

uint64_t ValueIndexes::bytes() const {
  uint64_t sum = 0;
  for (const auto& [attribute, held] : held_) sum += held->index.memory_bytes();
  return sum;
}

// One that is too large alone stays as a name, so that not every query learns it again.
void ValueIndexes::keep_to_limits() {
  for (const auto& [attribute, held] : held_) {
    if (held->index.memory_bytes() <= limits_.bytes) continue;
    held->index = ValueIndex(Term{attribute});
    held->state = Held::State::too_large;
  }
  while (held_.size() > limits_.indexes || bytes() > limits_.bytes) {
    const auto least = std::min_element(held_.begin(), held_.end(), [](const auto& left, const auto& right) {
      return left.second->used.load() < right.second->used.load();
    });
    held_.erase(least);
  }
  count_.store(held_.size(), std::memory_order_release);
}

uint64_t ValueIndexes::memory_bytes() const {
  const std::shared_lock lock(mutex_);
  return bytes();
}

}  // namespace cityloom::thread
