// Columns one after another: times, values, offsets. Values become integers by the model that fits them best.
#include "thread/series_codec.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "thread/integer_packing.hpp"
#include "thread/value_model.hpp"

namespace cityloom::thread {
namespace {

using base::Code;
using base::fail;

constexpr char version = 1;

base::Error corrupt(std::string what) {
  return fail(Code::corrupt, "history chunk: " + what, {}, "restore a backup, or run `cityloom refold`");
}

void put_column(const std::string& column, std::string& to) {
  put_varint(column.size(), to);
  to += column;
}

bool take_column(std::string_view& from, std::string_view& column) {
  uint64_t bytes;
  if (!take_varint(from, bytes) || bytes > from.size()) return false;
  column = from.substr(0, bytes);
  from.remove_prefix(bytes);
  return true;
}

template <class T>
void put_fixed(T field, std::string& to) {
  static_assert(sizeof field == 8);
  std::array<char, 8> text;
  std::memcpy(text.data(), &field, sizeof field);
  to.append(text.data(), text.size());
}

template <class T>
T take_fixed(std::string_view& from) {
  static_assert(sizeof(T) == 8);
  T field;
  std::memcpy(&field, from.data(), sizeof field);
  from.remove_prefix(sizeof field);
  return field;
}

}  // namespace

std::string pack_numbers(std::span<const NumberPoint> points) {
  assert(points.size() <= chunk_points_max);
  std::string bytes(1, version);
  put_varint(points.size(), bytes);
  std::string column;
  std::vector<int64_t> integers(points.size());
  for (size_t i = 0; i < points.size(); ++i) integers[i] = points[i].observed_at.microseconds;
  pack_integers(integers, column);
  put_column(column, bytes);

  std::vector<double> values(points.size());
  for (size_t i = 0; i < points.size(); ++i) values[i] = points[i].value;
  column.clear();
  pack_values(values, column);
  put_column(column, bytes);

  for (size_t i = 0; i < points.size(); ++i) integers[i] = static_cast<int64_t>(points[i].offset.number);
  pack_integers(integers, bytes);
  return bytes;
}

base::Result<size_t> unpack_columns(std::string_view bytes, std::vector<int64_t>* times, std::vector<double>* values,
                                    std::vector<uint64_t>* offsets) {
  uint64_t count;
  if (bytes.empty() || bytes[0] != version) return corrupt("unknown version");
  bytes.remove_prefix(1);
  if (!take_varint(bytes, count) || count > chunk_points_max) return corrupt("impossible count");
  std::string_view column;
  if (!take_column(bytes, column)) return corrupt("times cut short");
  if (times != nullptr) {
    times->resize(count);
    if (!unpack_integers(column, *times) || !column.empty()) return corrupt("times do not decode");
  }
  if (!take_column(bytes, column)) return corrupt("values cut short");
  if (values != nullptr) {
    values->resize(count);
    if (!unpack_values(column, *values) || !column.empty()) return corrupt("values do not decode");
  }
  if (offsets != nullptr) {
    offsets->resize(count);
    // Signed and unsigned variants of one type may alias.
    const std::span<int64_t> integers(reinterpret_cast<int64_t*>(offsets->data()), offsets->size());
    if (!unpack_integers(bytes, integers) || !bytes.empty()) return corrupt("offsets do not decode");
  }
  return static_cast<size_t>(count);
}

base::Result<std::vector<NumberPoint>> unpack_numbers(std::string_view bytes) {
  std::vector<int64_t> times;
  std::vector<double> values;
  std::vector<uint64_t> offsets;
  const auto count = unpack_columns(bytes, &times, &values, &offsets);
  if (!count) return count.error();
  std::vector<NumberPoint> points(*count);
  for (size_t i = 0; i < points.size(); ++i) points[i] = {{times[i]}, values[i], {offsets[i]}};
  return points;
}

std::string ChunkSummary::pack() const {
  std::string bytes;
  bytes.reserve(packed_bytes);
  put_fixed(count, bytes);
  put_fixed(first_offset, bytes);
  put_fixed(last_offset, bytes);
  put_fixed(first_observed_at, bytes);
  put_fixed(last_observed_at, bytes);
  put_fixed(sum, bytes);
  put_fixed(sum_of_squares, bytes);
  put_fixed(minimum, bytes);
  put_fixed(maximum, bytes);
  bytes.push_back(has_numbers ? 1 : 0);
  return bytes;
}

base::Result<ChunkSummary> ChunkSummary::unpack(std::string_view bytes) {
  if (bytes.size() != packed_bytes) return corrupt("summary of wrong size");
  ChunkSummary summary;
  summary.count = take_fixed<uint64_t>(bytes);
  summary.first_offset = take_fixed<twin::Offset>(bytes);
  summary.last_offset = take_fixed<twin::Offset>(bytes);
  summary.first_observed_at = take_fixed<base::Instant>(bytes);
  summary.last_observed_at = take_fixed<base::Instant>(bytes);
  summary.sum = take_fixed<double>(bytes);
  summary.sum_of_squares = take_fixed<double>(bytes);
  summary.minimum = take_fixed<double>(bytes);
  summary.maximum = take_fixed<double>(bytes);
  if (bytes[0] != 0 && bytes[0] != 1) return corrupt("summary with an unknown flag");
  summary.has_numbers = bytes[0] == 1;
  return summary;
}

ChunkSummary summarise(std::span<const NumberPoint> points) {
  ChunkSummary summary;
  if (points.empty()) return summary;
  const NumberPoint& first = points.front();
  summary = {points.size(), first.offset, first.offset, first.observed_at, first.observed_at, 0, 0,
             first.value,   first.value,  true};
  for (const NumberPoint& point : points) {
    summary.first_offset = std::min(summary.first_offset, point.offset);
    summary.last_offset = std::max(summary.last_offset, point.offset);
    summary.first_observed_at = std::min(summary.first_observed_at, point.observed_at);
    summary.last_observed_at = std::max(summary.last_observed_at, point.observed_at);
    summary.sum += point.value;
    summary.sum_of_squares += point.value * point.value;
    summary.minimum = std::min(summary.minimum, point.value);
    summary.maximum = std::max(summary.maximum, point.value);
  }
  return summary;
}

}  // namespace cityloom::thread
