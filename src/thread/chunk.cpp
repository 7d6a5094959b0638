// The stored forms of history: chunks, and runs of points of a chunk that is still open.
#include "thread/chunk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "twin/bytes.hpp"
#include "twin/entity.hpp"

namespace cityloom::thread {
namespace {

using twin::Attribute;
using twin::ByteReader;
using twin::ByteWriter;

constexpr uint8_t kind_numbers = 0, kind_instances = 1;
constexpr uint8_t kind_thinned = 2;  // before one of the others stands what its points stand for

base::Error corrupt() {
  return base::fail(base::Code::corrupt, "a stored piece of history cannot be read", {},
                    "run 'cityloom refold' to fold the views again");
}

void pack_instance(const PastInstance& instance, std::string& to) {
  ByteWriter writer(to);
  writer.varint(instance.offset.number);
  writer.byte(instance.ended ? 1 : 0);
  twin::pack_attribute(instance.attribute, to);
}

base::Result<PastInstance> unpack_instance(std::string_view bytes) {
  ByteReader reader(bytes);
  PastInstance instance;
  instance.offset = {reader.varint()};
  instance.ended = reader.byte() != 0;
  std::string_view rest = reader.rest();
  if (!reader.ok()) return corrupt();
  auto attribute = twin::unpack_attribute(rest);
  if (!attribute || !rest.empty()) return corrupt();
  instance.attribute = std::move(*attribute);
  return instance;
}

void stamp_members(std::vector<Attribute>& members, Offset offset) {
  for (Attribute& member : members) {
    member.modified_at = {};
    member.offset = offset;
    stamp_members(member.members, offset);
  }
}

bool same_but_stamps(const std::vector<Attribute>& left, const std::vector<Attribute>& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!twin::same_statement(left[i], right[i]) || left[i].created_at != right[i].created_at ||
        !same_but_stamps(left[i].members, right[i].members)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_number_instance(const PastInstance& instance) {
  const Attribute& attribute = instance.attribute;
  const double number = twin::as_number(attribute.value);
  return !instance.ended && attribute.kind == twin::AttributeKind::property && attribute.object_types.empty() &&
         !attribute.expires_at.exists() && number == number && twin::number_value(number) == attribute.value;
}

Attribute prototype_of(const PastInstance& instance) {
  Attribute prototype = instance.attribute;
  prototype.value = int64_t{0};
  prototype.observed_at = {};
  prototype.modified_at = {};
  prototype.offset = {};
  stamp_members(prototype.members, {});
  return prototype;
}

bool fits_prototype(const PastInstance& instance, const Attribute& prototype) {
  return is_number_instance(instance) && instance.attribute.unit == prototype.unit &&
         instance.attribute.created_at == prototype.created_at &&
         same_but_stamps(instance.attribute.members, prototype.members);
}

NumberPoint number_point_of(const PastInstance& instance) {
  return {instance.attribute.observed_at, twin::as_number(instance.attribute.value), instance.offset};
}

PastInstance Chunk::at(size_t index) const {
  if (!is_numbers()) return instances[index];
  PastInstance instance;
  instance.offset = numbers[index].offset;
  instance.attribute = *prototype;
  instance.attribute.value = twin::number_value(numbers[index].value);
  instance.attribute.observed_at = numbers[index].observed_at;
  instance.attribute.offset = instance.offset;
  stamp_members(instance.attribute.members, instance.offset);
  return instance;
}

ChunkSummary Chunk::summary() const {
  if (!thinned.empty()) {
    ChunkSummary summary;
    for (const ChunkSummary& one : thinned) add(one, summary);
    if (!is_numbers()) summary.sum = summary.sum_of_squares = summary.minimum = summary.maximum = 0;
    summary.has_numbers = is_numbers();
    summary.first_offset = offset_at(0);
    summary.last_offset = offset_at(size() - 1);
    return summary;
  }
  if (is_numbers()) return summarise(numbers);
  ChunkSummary summary;
  summary.count = instances.size();
  if (instances.empty()) return summary;
  summary.first_offset = instances.front().offset;
  summary.last_offset = instances.back().offset;
  bool all_observed = true;
  for (const PastInstance& instance : instances) {
    const base::Instant at = instance.attribute.observed_at;
    all_observed = all_observed && at.exists();
    if (!at.exists()) continue;
    if (!summary.first_observed_at.exists() || at < summary.first_observed_at) summary.first_observed_at = at;
    summary.last_observed_at = std::max(summary.last_observed_at, at);
  }
  if (!all_observed) summary.first_observed_at = summary.last_observed_at = {};
  return summary;
}

void add(const ChunkSummary& one, ChunkSummary& to) {
  if (one.count == 0) return;
  const ChunkSummary before = std::exchange(to, one);
  if (before.count == 0) return;
  to.count += before.count;
  to.first_offset = before.first_offset;
  const bool all_observed = before.first_observed_at.exists() && one.first_observed_at.exists();
  to.first_observed_at =
      all_observed ? std::min(before.first_observed_at, one.first_observed_at) : base::Instant::none();
  to.last_observed_at = all_observed ? std::max(before.last_observed_at, one.last_observed_at) : base::Instant::none();
  to.has_numbers = before.has_numbers && one.has_numbers;
  to.sum += before.sum;
  to.sum_of_squares += before.sum_of_squares;
  to.minimum = std::min(before.minimum, one.minimum);
  to.maximum = std::max(before.maximum, one.maximum);
}

ChunkSummary summary_at(const Chunk& chunk, size_t index) {
  if (!chunk.thinned.empty()) return chunk.thinned[index];
  if (chunk.is_numbers()) return summarise(std::span(chunk.numbers).subspan(index, 1));
  const PastInstance& instance = chunk.instances[index];
  const double number = twin::as_number(instance.attribute.value);
  const NumberPoint point{instance.attribute.observed_at, number == number ? number : 0, instance.offset};
  ChunkSummary summary = summarise(std::span(&point, 1));
  summary.has_numbers = number == number;
  return summary;
}

namespace {

// As columns of points, of which each field holds one of the summary's.
std::string pack_thinned(const Chunk& chunk) {
  std::string bytes;
  ByteWriter writer(bytes);
  std::vector<NumberPoint> first, last, sums, squares;
  for (const ChunkSummary& one : chunk.thinned) {
    first.push_back({one.first_observed_at, one.minimum, {one.count}});
    last.push_back({one.last_observed_at, one.maximum, {one.has_numbers ? uint64_t{1} : uint64_t{0}}});
    sums.push_back({{}, one.sum, {}});
    squares.push_back({{}, one.sum_of_squares, {}});
  }
  for (const auto* column : {&first, &last, &sums, &squares}) writer.text(pack_numbers(*column));
  return bytes;
}

base::Status unpack_thinned(std::string_view bytes, Chunk& chunk) {
  ByteReader reader(bytes);
  std::array<std::vector<NumberPoint>, 4> columns;
  for (auto& column : columns) {
    auto read = unpack_numbers(reader.text());
    if (!reader.ok() || !read || read->size() != chunk.size()) return corrupt();
    column = std::move(*read);
  }
  for (size_t i = 0; i < chunk.size(); ++i) {
    ChunkSummary& one = chunk.thinned.emplace_back();
    one.count = columns[0][i].offset.number;
    one.first_offset = one.last_offset = chunk.offset_at(i);
    one.first_observed_at = columns[0][i].observed_at;
    one.last_observed_at = columns[1][i].observed_at;
    one.minimum = columns[0][i].value;
    one.maximum = columns[1][i].value;
    one.has_numbers = columns[1][i].offset.number == 1;
    one.sum = columns[2][i].value;
    one.sum_of_squares = columns[3][i].value;
  }
  return reader.at_end() ? base::Status() : corrupt();
}

}  // namespace

std::string pack_chunk(const Chunk& chunk) {
  std::string bytes;
  ByteWriter writer(bytes);
  std::string inner;
  if (!chunk.thinned.empty()) {
    writer.byte(kind_thinned);
    writer.text(pack_thinned(chunk));
  }
  if (chunk.is_numbers()) {
    writer.byte(kind_numbers);
    twin::pack_attribute(*chunk.prototype, inner);
    writer.text(inner);
    bytes += pack_numbers(chunk.numbers);
    return bytes;
  }
  writer.byte(kind_instances);
  writer.varint(chunk.instances.size());
  for (const PastInstance& instance : chunk.instances) {
    inner.clear();
    pack_instance(instance, inner);
    writer.text(inner);
  }
  return bytes;
}

base::Result<std::string_view> numbers_of_packed(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.byte() != kind_numbers) return std::string_view();
  reader.text();
  if (!reader.ok()) return corrupt();
  return reader.rest();
}

base::Result<Chunk> unpack_chunk(std::string_view bytes) {
  if (!bytes.empty() && bytes.front() == static_cast<char>(kind_thinned)) {
    ByteReader reader(bytes.substr(1));
    const std::string_view thinned = reader.text();
    const std::string_view points = reader.rest();
    if (!reader.ok() || points.starts_with(static_cast<char>(kind_thinned))) return corrupt();
    auto chunk = unpack_chunk(points);
    if (!chunk) return chunk.error();
    if (auto read = unpack_thinned(thinned, *chunk); !read) return read.error();
    return chunk;
  }
  Chunk chunk;
  ByteReader reader(bytes);
  if (reader.byte() == kind_numbers) {
    std::string_view prototype_bytes = reader.text();
    if (!reader.ok()) return corrupt();
    auto prototype = twin::unpack_attribute(prototype_bytes);
    if (!prototype) return corrupt();
    chunk.prototype = std::move(*prototype);
    auto numbers = unpack_numbers(reader.rest());
    if (!numbers) return numbers.error();
    chunk.numbers = std::move(*numbers);
    return chunk;
  }
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    const std::string_view instance_bytes = reader.text();
    if (!reader.ok()) return corrupt();
    auto instance = unpack_instance(instance_bytes);
    if (!instance) return instance.error();
    chunk.instances.push_back(std::move(*instance));
  }
  if (!reader.ok() || !reader.at_end()) return corrupt();
  return chunk;
}

void begin_run(const Attribute* shared, std::string& to) {
  ByteWriter writer(to);
  writer.byte(shared != nullptr ? kind_numbers : kind_instances);
  if (shared == nullptr) return;
  std::string inner;
  twin::pack_attribute(*shared, inner);
  writer.text(inner);
}

void append_instance(const PastInstance& instance, std::string& to) {
  std::string inner;
  pack_instance(instance, inner);
  ByteWriter(to).text(inner);
}

void append_points(std::span<const NumberPoint> points, std::string& to) {
  ByteWriter writer(to);
  for (const NumberPoint& point : points) writer.fixed(point);
}

std::string pack_run(const Chunk& chunk, size_t first, size_t count) {
  std::string bytes;
  count = std::min(count, chunk.size() - first);
  if (!chunk.is_numbers()) {
    begin_run(nullptr, bytes);
    for (const PastInstance& one : std::span(chunk.instances).subspan(first, count)) append_instance(one, bytes);
    return bytes;
  }
  if (first == 0) {
    begin_run(&*chunk.prototype, bytes);
  } else {
    ByteWriter(bytes).byte(kind_numbers);
    ByteWriter(bytes).text({});
  }
  append_points(std::span(chunk.numbers).subspan(first, count), bytes);
  return bytes;
}

namespace {

base::Status unpack_numbers_run(ByteReader& reader, Chunk& chunk) {
  std::string_view shared = reader.text();
  if (!reader.ok() || !chunk.instances.empty() || chunk.is_numbers() == !shared.empty()) return corrupt();
  if (!shared.empty()) {
    auto prototype = twin::unpack_attribute(shared);
    if (!prototype) return prototype.error();
    chunk.prototype = std::move(*prototype);
  }
  while (!reader.at_end()) {
    const auto point = reader.fixed<NumberPoint>();
    if (!reader.ok()) return corrupt();
    chunk.numbers.push_back(point);
  }
  return {};
}

}  // namespace

base::Status unpack_run(std::string_view bytes, Chunk& chunk) {
  ByteReader reader(bytes);
  if (reader.byte() == kind_numbers) return unpack_numbers_run(reader, chunk);
  if (!reader.ok() || chunk.is_numbers()) return corrupt();
  return unpack_instances(reader.rest(), chunk);
}

base::Status unpack_instances(std::string_view bytes, Chunk& chunk) {
  ByteReader reader(bytes);
  while (!reader.at_end()) {
    const std::string_view inner = reader.text();
    if (!reader.ok()) return corrupt();
    auto instance = unpack_instance(inner);
    if (!instance) return instance.error();
    chunk.instances.push_back(std::move(*instance));
  }
  return {};
}

}  // namespace cityloom::thread
