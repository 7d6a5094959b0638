#include "thread/commit.hpp"

#include <xxhash.h>

#include "twin/bytes.hpp"

namespace cityloom::thread {
namespace {

using twin::ByteReader;
using twin::ByteWriter;
using twin::Fact;

constexpr uint8_t format_version = 1;
constexpr size_t head_size = 1 + sizeof(uint64_t);  // version, checksum

void pack_fact(const Fact& fact, std::string_view entity_before, std::string& to) {
  ByteWriter writer(to);
  const bool same_entity = fact.entity_id == entity_before;
  writer.byte(static_cast<uint8_t>(static_cast<uint8_t>(fact.kind) << 1 | (same_entity ? 1 : 0)));
  if (!same_entity) writer.text(fact.entity_id);
  switch (fact.kind) {
    case Fact::Kind::entity_created:
    case Fact::Kind::types_set:
    case Fact::Kind::scopes_set:
      writer.varint(fact.types.size());
      for (const twin::Term type : fact.types) writer.varint(type.number);
      writer.varint(fact.scopes.size());
      for (const std::string& scope : fact.scopes) writer.text(scope);
      break;
    case Fact::Kind::attribute_set:
      twin::pack_attribute(fact.attribute, to);
      break;
    case Fact::Kind::attribute_deleted:
      writer.varint(fact.attribute.name.number);
      writer.varint(fact.attribute.dataset.number);
      break;
    case Fact::Kind::entity_deleted:
      break;
  }
}

bool read_fact(ByteReader& reader, const std::string& entity_before, Fact& fact) {
  const uint8_t head = reader.byte();
  fact.kind = static_cast<Fact::Kind>(head >> 1);
  fact.entity_id = (head & 1) != 0 ? entity_before : std::string(reader.text());
  switch (fact.kind) {
    case Fact::Kind::entity_created:
    case Fact::Kind::types_set:
    case Fact::Kind::scopes_set:
      for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) fact.types.push_back({reader.varint32()});
      for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) fact.scopes.emplace_back(reader.text());
      return reader.ok();
    case Fact::Kind::attribute_set: {
      std::string_view rest = reader.rest();
      auto attribute = twin::unpack_attribute(rest);
      if (!attribute) return false;
      fact.attribute = std::move(*attribute);
      reader = ByteReader(rest);
      return true;
    }
    case Fact::Kind::attribute_deleted:
      fact.attribute.name = {reader.varint32()};
      fact.attribute.dataset = {reader.varint32()};
      return reader.ok();
    case Fact::Kind::entity_deleted:
      return reader.ok();
  }
  return false;
}

void pack_event(const BranchEvent& event, ByteWriter& writer) {
  writer.byte(static_cast<uint8_t>(event.kind));
  if (event.kind == BranchEvent::Kind::none) return;
  writer.varint(event.branch.number);
  writer.varint(event.parent.number);
  writer.varint(event.fork_offset.number);
  writer.text(event.name);
}

BranchEvent read_event(ByteReader& reader) {
  BranchEvent event;
  event.kind = static_cast<BranchEvent::Kind>(reader.byte());
  if (event.kind == BranchEvent::Kind::none) return event;
  event.branch = {reader.varint32()};
  event.parent = {reader.varint32()};
  event.fork_offset = {reader.varint()};
  event.name = std::string(reader.text());
  return event;
}

}  // namespace

std::string pack_commit(const Commit& commit) {
  std::string bytes;
  pack_commit(commit, bytes);
  return bytes;
}

void pack_commit(const Commit& commit, std::string& to) {
  const size_t start = to.size();
  to.append(head_size, '\0');
  ByteWriter writer(to);
  writer.varint(commit.offset.number);
  writer.varint(commit.branch.number);
  writer.fixed(commit.recorded_at.microseconds);
  writer.text(commit.author);
  pack_event(commit.branch_event, writer);
  writer.varint(commit.facts.size());
  std::string_view entity_before;
  for (const Fact& fact : commit.facts) {
    pack_fact(fact, entity_before, to);
    entity_before = fact.entity_id;
  }
  const size_t body = start + head_size;
  const uint64_t checksum = XXH3_64bits(to.data() + body, to.size() - body);
  to[start] = static_cast<char>(format_version);
  std::memcpy(to.data() + start + 1, &checksum, sizeof(checksum));
}

base::Result<base::Instant> recorded_at_of_packed(std::string_view bytes) {
  ByteReader reader(bytes);
  reader.take(head_size);
  reader.varint();
  reader.varint();
  const base::Instant time{reader.fixed<int64_t>()};
  if (!reader.ok())
    return base::fail(base::Code::corrupt, "a stored commit is cut short", {}, "restore the record from a backup");
  return time;
}

base::Result<Commit> unpack_commit(std::string_view bytes) {
  Commit commit;
  const auto corrupt = [&](const char* what) {
    return base::fail(base::Code::corrupt, what, "offset " + std::to_string(commit.offset.number),
                      "restore the record from a backup");
  };
  ByteReader reader(bytes);
  const uint8_t version = reader.byte();
  const auto checksum = reader.fixed<uint64_t>();
  if (!reader.ok()) return corrupt("a stored commit is cut short");
  if (version != format_version) return corrupt("a stored commit has a version that this program does not know");
  if (XXH3_64bits(reader.rest().data(), reader.rest().size()) != checksum)
    return corrupt("a stored commit fails its checksum");
  commit.offset = {reader.varint()};
  commit.branch = {reader.varint32()};
  commit.recorded_at = {reader.fixed<int64_t>()};
  commit.author = std::string(reader.text());
  commit.branch_event = read_event(reader);
  std::string entity_before;
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    Fact fact;
    if (!read_fact(reader, entity_before, fact)) return corrupt("a stored commit cannot be read");
    entity_before = fact.entity_id;
    commit.facts.push_back(std::move(fact));
  }
  if (!reader.ok() || !reader.at_end()) return corrupt("a stored commit cannot be read");
  return commit;
}

}  // namespace cityloom::thread
