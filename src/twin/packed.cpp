#include "twin/packed.hpp"

#include "twin/bytes.hpp"
#include "twin/entity.hpp"

// An attribute, packed: name, two bytes of flags, the fields that the flags name, the value, object types, members.
// byte 1: kind (3 bits), dataset, unit, observed_at, expires_at, times (one bit each)
// byte 2: kind of value (3 bits), object types, members (one bit each)
namespace cityloom::twin {
namespace {

constexpr uint8_t has_dataset = 8, has_unit = 16, has_observed = 32, has_expires = 64, has_times = 128;
constexpr uint8_t has_object_types = 8, has_members = 16;
using ValueKind = AttributeView::ValueKind;

ValueKind value_kind_of(const Value& value) {
  switch (value.index()) {
    case 0:
      return ValueKind::null;
    case 1:
      return std::get<bool>(value) ? ValueKind::true_ : ValueKind::false_;
    case 2:
      return ValueKind::integer;
    case 3:
      return ValueKind::number;
    case 4:
      return ValueKind::string;
    case 5:
      return ValueKind::json;
    default:
      return ValueKind::geometry;
  }
}

void pack_value(const Value& value, ByteWriter& writer) {
  if (const auto* integer = std::get_if<int64_t>(&value)) writer.zigzag(*integer);
  if (const auto* number = std::get_if<double>(&value)) writer.fixed(*number);
  if (const auto* text = std::get_if<std::string>(&value)) writer.text(*text);
  if (const auto* json = std::get_if<Json>(&value)) writer.text(json->text);
  if (const auto* geometry = std::get_if<Geometry>(&value)) {
    std::string bytes;
    pack_geometry(*geometry, bytes);
    writer.text(bytes);
  }
}

void read_value(ByteReader& reader, AttributeView& view) {
  switch (view.value_kind) {
    case ValueKind::integer:
      view.integer = reader.zigzag();
      break;
    case ValueKind::number:
      view.number = reader.fixed<double>();
      break;
    case ValueKind::string:
    case ValueKind::json:
    case ValueKind::geometry:
      view.text = reader.text();
      break;
    default:
      break;
  }
}

}  // namespace

void pack_geometry(const Geometry& geometry, std::string& to) {
  ByteWriter writer(to);
  bool has_heights = false;
  for (const Position& position : geometry.positions) has_heights = has_heights || position.has_height();
  writer.byte(static_cast<uint8_t>(static_cast<uint8_t>(geometry.kind) | (has_heights ? 8 : 0)));
  writer.varint(geometry.positions.size());
  writer.varint(geometry.line_ends.size());
  for (const uint32_t end : geometry.line_ends) writer.varint(end);
  writer.varint(geometry.polygon_ends.size());
  for (const uint32_t end : geometry.polygon_ends) writer.varint(end);
  for (const Position& position : geometry.positions) {
    writer.fixed(position.longitude_deg);
    writer.fixed(position.latitude_deg);
    if (has_heights) writer.fixed(position.height_m);
  }
}

base::Result<Geometry> unpack_geometry(std::string_view bytes) {
  ByteReader reader(bytes);
  Geometry geometry;
  const uint8_t head = reader.byte();
  geometry.kind = static_cast<GeometryKind>(head & 7);
  const bool has_heights = (head & 8) != 0;
  const uint64_t positions = reader.varint();
  for (auto* ends : {&geometry.line_ends, &geometry.polygon_ends}) {
    const uint64_t count = reader.varint();
    for (uint64_t i = 0; i < count && reader.ok(); ++i) ends->push_back(reader.varint32());
  }
  if (!reader.ok() || positions > reader.rest().size() / 16) {
    return base::fail(base::Code::corrupt, "a stored geometry cannot be read");
  }
  geometry.positions.reserve(positions);
  for (uint64_t i = 0; i < positions; ++i) {
    Position position;
    position.longitude_deg = reader.fixed<double>();
    position.latitude_deg = reader.fixed<double>();
    if (has_heights) position.height_m = reader.fixed<double>();
    geometry.positions.push_back(position);
  }
  if (!reader.ok() || !reader.at_end()) return base::fail(base::Code::corrupt, "a stored geometry cannot be read");
  return geometry;
}

void pack_attribute(const Attribute& attribute, std::string& to) {
  ByteWriter writer(to);
  const bool times = attribute.created_at.exists() || attribute.modified_at.exists() || attribute.offset.number != 0;
  writer.varint(attribute.name.number);
  writer.byte(static_cast<uint8_t>(
      static_cast<uint8_t>(attribute.kind) | (attribute.dataset.exists() ? has_dataset : 0) |
      (attribute.unit.exists() ? has_unit : 0) | (attribute.observed_at.exists() ? has_observed : 0) |
      (attribute.expires_at.exists() ? has_expires : 0) | (times ? has_times : 0)));
  writer.byte(static_cast<uint8_t>(static_cast<uint8_t>(value_kind_of(attribute.value)) |
                                   (attribute.object_types.empty() ? 0 : has_object_types) |
                                   (attribute.members.empty() ? 0 : has_members)));
  if (attribute.dataset.exists()) writer.varint(attribute.dataset.number);
  if (attribute.unit.exists()) writer.varint(attribute.unit.number);
  if (attribute.observed_at.exists()) writer.fixed(attribute.observed_at.microseconds);
  if (attribute.expires_at.exists()) writer.fixed(attribute.expires_at.microseconds);
  if (times) {
    writer.fixed(attribute.created_at.microseconds);
    // Wrapping difference: usually 0 or small, and right for absent times too.
    writer.zigzag(static_cast<int64_t>(static_cast<uint64_t>(attribute.modified_at.microseconds) -
                                       static_cast<uint64_t>(attribute.created_at.microseconds)));
    writer.varint(attribute.offset.number);
  }
  pack_value(attribute.value, writer);
  if (!attribute.object_types.empty()) {
    std::string types;
    ByteWriter types_writer(types);
    for (const Term type : attribute.object_types) types_writer.varint(type.number);
    writer.text(types);
  }
  if (!attribute.members.empty()) {
    std::string members;
    ByteWriter members_writer(members);
    members_writer.varint(attribute.members.size());
    std::string member_bytes;
    for (const Attribute& member : attribute.members) {
      member_bytes.clear();
      pack_attribute(member, member_bytes);
      members_writer.text(member_bytes);
    }
    writer.text(members);
  }
}

namespace {

void read_fields(ByteReader& reader, AttributeView& view) {
  view = AttributeView{};
  view.name = {reader.varint32()};
  const uint8_t first = reader.byte();
  const uint8_t second = reader.byte();
  view.kind = static_cast<AttributeKind>(first & 7);
  view.value_kind = static_cast<ValueKind>(second & 7);
  if (first & has_dataset) view.dataset = {reader.varint32()};
  if (first & has_unit) view.unit = {reader.varint32()};
  if (first & has_observed) view.observed_at = {reader.fixed<int64_t>()};
  if (first & has_expires) view.expires_at = {reader.fixed<int64_t>()};
  if (first & has_times) {
    view.created_at = {reader.fixed<int64_t>()};
    view.modified_at = {static_cast<int64_t>(static_cast<uint64_t>(view.created_at.microseconds) +
                                             static_cast<uint64_t>(reader.zigzag()))};
    view.offset = {reader.varint()};
  }
  read_value(reader, view);
  if (second & has_object_types) view.object_types_bytes = reader.text();
  if (second & has_members) view.members_bytes = reader.text();
}

}  // namespace

bool have_datasets(std::string_view attributes_bytes) {
  ByteReader reader(attributes_bytes);
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    ByteReader attribute(reader.text());
    attribute.varint();
    if ((attribute.byte() & has_dataset) != 0) return true;
  }
  return false;
}

bool read_attribute(std::string_view bytes, AttributeView& view) {
  ByteReader reader(bytes);
  read_fields(reader, view);
  return reader.ok() && reader.at_end();
}

base::Result<Attribute> unpack_attribute(std::string_view& from) {
  ByteReader reader(from);
  AttributeView view;
  read_fields(reader, view);
  if (!reader.ok()) return base::fail(base::Code::corrupt, "a stored attribute cannot be read");
  from = reader.rest();
  return view.unpack();
}

Value AttributeView::value() const {
  switch (value_kind) {
    case ValueKind::null:
      return Null{};
    case ValueKind::false_:
      return false;
    case ValueKind::true_:
      return true;
    case ValueKind::integer:
      return integer;
    case ValueKind::number:
      return number;
    case ValueKind::string:
      return std::string(text);
    case ValueKind::json:
      return Json{std::string(text)};
    case ValueKind::geometry:
      break;
  }
  auto geometry = unpack_geometry(text);
  return geometry ? Value(std::move(*geometry)) : Value(Null{});
}

std::vector<Term> AttributeView::object_types() const {
  std::vector<Term> types;
  ByteReader reader(object_types_bytes);
  while (reader.ok() && !reader.at_end()) types.push_back({reader.varint32()});
  return types;
}

namespace {

// Corrupt bytes may nest without end; what a writer may nest, `depth_max` says.
Attribute unpack_to_depth(const AttributeView& view, size_t depth) {
  Attribute attribute;
  attribute.name = view.name;
  attribute.dataset = view.dataset;
  attribute.kind = view.kind;
  attribute.value = view.value();
  attribute.unit = view.unit;
  attribute.observed_at = view.observed_at;
  attribute.expires_at = view.expires_at;
  attribute.object_types = view.object_types();
  attribute.created_at = view.created_at;
  attribute.modified_at = view.modified_at;
  attribute.offset = view.offset;
  if (!view.members_bytes.empty() && depth < depth_max) {
    PackedAttributes all(view.members_bytes);
    attribute.members.reserve(all.count());
    for (AttributeView member; all.next(member);) attribute.members.push_back(unpack_to_depth(member, depth + 1));
  }
  return attribute;
}

}  // namespace

Attribute AttributeView::unpack() const {
  return unpack_to_depth(*this, 0);
}

PackedAttributes::PackedAttributes(std::string_view bytes) {
  if (bytes.empty()) return;
  ByteReader reader(bytes);
  count_ = reader.varint32();
  rest_ = reader.rest();
  ok_ = reader.ok() && count_ <= rest_.size();
  if (!ok_) count_ = 0;
}

bool PackedAttributes::next(InstanceKey& key) {
  if (!ok_ || read_ == count_) return false;
  ByteReader reader(rest_);
  last_bytes_ = reader.text();
  ByteReader instance(last_bytes_);
  key.name = {instance.varint32()};
  const uint8_t first = instance.byte();
  instance.byte();
  key.dataset = {(first & has_dataset) != 0 ? instance.varint32() : 0};
  ok_ = reader.ok() && instance.ok();
  rest_ = reader.rest();
  ++read_;
  return ok_;
}

bool PackedAttributes::next(AttributeView& view) {
  if (!ok_ || read_ == count_) return false;
  ByteReader reader(rest_);
  last_bytes_ = reader.text();
  ok_ = reader.ok() && read_attribute(last_bytes_, view);
  rest_ = reader.rest();
  ++read_;
  return ok_;
}

}  // namespace cityloom::twin
