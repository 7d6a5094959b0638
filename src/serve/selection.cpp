// Entity numbers as bits, and as runs where they are kept.
#include "serve/selection.hpp"

#include <bit>

#include "twin/bytes.hpp"

namespace cityloom::serve {
namespace {

constexpr uint32_t bits_of_word = 64;
// No record holds more entities; what says so is no selection.
constexpr uint64_t numbers_max = 1u << 30;

}  // namespace

void Selection::add(twin::EntityNumber number) {
  const size_t word = number.number / bits_of_word;
  if (word >= words_.size()) words_.resize(word + 1);
  const uint64_t bit = uint64_t{1} << (number.number % bits_of_word);
  if ((words_[word] & bit) == 0) ++count_;
  words_[word] |= bit;
}

bool Selection::holds(twin::EntityNumber number) const {
  const size_t word = number.number / bits_of_word;
  return word < words_.size() && (words_[word] >> (number.number % bits_of_word) & 1) != 0;
}

std::string Selection::bytes() const {
  std::string bytes;
  twin::ByteWriter writer(bytes);
  uint64_t end = 0;  // of the run before
  const uint64_t numbers = words_.size() * bits_of_word;
  const auto is_in = [this](uint64_t number) { return holds({static_cast<uint32_t>(number)}); };
  for (uint64_t number = 0; number < numbers;) {
    const uint64_t word = words_[number / bits_of_word] >> (number % bits_of_word);
    if (word == 0) {
      number += bits_of_word - number % bits_of_word;
      continue;
    }
    number += static_cast<uint64_t>(std::countr_zero(word));
    const uint64_t begin = number;
    while (number < numbers && is_in(number)) ++number;
    writer.varint(begin - end);
    writer.varint(number - begin);
    end = number;
  }
  return bytes;
}

base::Result<Selection> Selection::from_bytes(twin::Offset since, std::string_view bytes) {
  Selection selection(since);
  twin::ByteReader reader(bytes);
  uint64_t number = 0;
  while (reader.ok() && !reader.at_end()) {
    const uint64_t gap = reader.varint();
    const uint64_t length = reader.varint();
    if (!reader.ok() || gap > numbers_max || length > numbers_max || number + gap + length > numbers_max) {
      return base::fail(base::Code::corrupt, "the entities of a snapshot cannot be read");
    }
    number += gap;
    for (const uint64_t end = number + length; number < end; ++number) selection.add({static_cast<uint32_t>(number)});
  }
  if (!reader.ok()) return base::fail(base::Code::corrupt, "the entities of a snapshot cannot be read");
  return selection;
}

}  // namespace cityloom::serve
