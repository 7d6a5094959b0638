// What one change and one entity may hold.
#include "thread/appender.hpp"

namespace cityloom::thread {
namespace {

size_t bytes_of(const twin::Attribute& attribute) {
  size_t bytes = 64;
  if (const auto* text = std::get_if<std::string>(&attribute.value)) bytes += text->size();
  if (const auto* json = std::get_if<twin::Json>(&attribute.value)) bytes += json->text.size();
  if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) {
    bytes += geometry->positions.size() * sizeof(twin::Position) + geometry->line_ends.size() * 4;
  }
  for (const twin::Attribute& member : attribute.members) bytes += bytes_of(member);
  return bytes;
}

size_t bytes_of(const std::vector<twin::Attribute>& attributes) {
  size_t bytes = 0;
  for (const twin::Attribute& attribute : attributes) bytes += bytes_of(attribute);
  return bytes;
}

}  // namespace

size_t approximate_bytes(const Change& change) {
  return change.entity_id.size() + 64 + bytes_of(change.attributes);
}

bool may_pass_limits(const twin::EntityRecord& now, const Change& change) {
  // `bytes_of` says at most so many times the packed bytes: an empty member is counted with 64, and packed takes 4.
  constexpr size_t packed_share = 24;
  const size_t packed_bytes = now.exists() ? now.bytes().size() : 0;
  const size_t count = now.exists() ? now.attribute_count() : 0;
  return count + change.attributes.size() > twin::attributes_max ||
         change.entity_id.size() > twin::entity_id_bytes_max ||
         packed_share * packed_bytes + bytes_of(change.attributes) > twin::record_bytes_max;
}

base::Status check_limits(const twin::Entity& entity) {
  using base::Code;
  if (entity.id.size() > twin::entity_id_bytes_max) {
    return base::fail(Code::too_large, "an entity id may have 2,048 bytes", entity.id.substr(0, 60));
  }
  if (entity.attributes.size() > twin::attributes_max) {
    return base::fail(Code::too_large, "an entity may have 10,000 attribute instances", entity.id,
                      "spread them over several entities");
  }
  if (bytes_of(entity.attributes) > twin::record_bytes_max) {
    return base::fail(Code::too_large, "an entity may hold 16 MiB", entity.id, "spread it over several entities");
  }
  return {};
}

}  // namespace cityloom::thread
