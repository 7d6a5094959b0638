// The keys under which the views are stored: big-endian numbers, so that bytewise order is numeric order.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "thread/commit.hpp"

namespace cityloom::thread {

/// One attribute instance of one entity on one branch, over all of its past.
struct SeriesKey {
  BranchId branch;
  twin::EntityNumber entity;
  twin::Term attribute;
  twin::Term dataset;
  auto operator<=>(const SeriesKey&) const = default;
};

/// What was stated of the past lies in a series of its own beside that of what was superseded: restoring a state never
/// meets it. Its dataset carries this bit, which no term has.
inline constexpr uint32_t told_bit = 1u << 31;
constexpr twin::Term told(twin::Term dataset) {  ///< the dataset of the series of what was stated of the past
  return {dataset.number | told_bit};
}
constexpr bool is_told(twin::Term dataset) {  ///< whether a series' dataset says that
  return (dataset.number & told_bit) != 0;
}
constexpr twin::Term without_told(twin::Term dataset) {  ///< the dataset itself
  return {dataset.number & ~told_bit};
}
/// The dataset of the series of `terms::lifecycle` in which the corrections of an entity's past are.
inline constexpr twin::Term corrections_dataset{1};
/// Likewise of that in which is what was thinned of it.
inline constexpr twin::Term thinnings_dataset{2};

inline void append_big_endian(std::string& to, uint32_t number) {  ///< 4 bytes that sort as the number
  const char bytes[] = {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
                        static_cast<char>(number >> 8), static_cast<char>(number)};
  to.append(bytes, sizeof bytes);
}
inline void append_big_endian(std::string& to, uint64_t number) {  ///< 8 bytes, likewise
  append_big_endian(to, static_cast<uint32_t>(number >> 32));
  append_big_endian(to, static_cast<uint32_t>(number));
}
/// Reads the number at `at`; the key must be long enough.
inline uint32_t big_endian_32(std::string_view key, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(key[at + i]);
  return number;
}
inline uint64_t big_endian_64(std::string_view key, size_t at) {  ///< reads 8 of them; they must be there
  return static_cast<uint64_t>(big_endian_32(key, at)) << 32 | big_endian_32(key, at + 4);
}

inline std::string offset_key(Offset offset) {  ///< key in `commits`
  std::string key;
  append_big_endian(key, offset.number);
  return key;
}
inline std::string term_key(twin::Term term) {  ///< key in `terms`
  std::string key;
  append_big_endian(key, term.number);
  return key;
}
inline std::string entity_key(BranchId branch, twin::EntityNumber entity) {  ///< key in `latest`
  std::string key;
  append_big_endian(key, branch.number);
  append_big_endian(key, entity.number);
  return key;
}
inline std::string series_key(const SeriesKey& series) {  ///< the first part of a chunk's key
  std::string key = entity_key(series.branch, series.entity);
  append_big_endian(key, series.attribute.number);
  append_big_endian(key, series.dataset.number);
  return key;
}
inline std::string chunk_key(const SeriesKey& series, uint64_t chunk) {  ///< key in `series` and `summaries`
  std::string key = series_key(series);
  append_big_endian(key, chunk);
  return key;
}
inline std::string ever_key(char kind, uint64_t what, uint32_t entity_number) {  ///< key in `ever`
  std::string key(1, kind);
  append_big_endian(key, what);
  append_big_endian(key, entity_number);
  return key;
}
inline constexpr size_t series_key_size = 16;
inline constexpr size_t chunk_key_size = 24;

inline SeriesKey series_of_key(std::string_view key) {  ///< what chunk_key was made of
  return {{big_endian_32(key, 0)}, {big_endian_32(key, 4)}, {big_endian_32(key, 8)}, {big_endian_32(key, 12)}};
}

/// The first key after every key that starts with `prefix`; empty if there is none.
inline std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace cityloom::thread
