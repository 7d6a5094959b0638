#include "thread/commit.hpp"

#include <xxhash.h>

#include <cassert>
#include <cstring>

#include "twin/bytes.hpp"

namespace cityloom::thread {
namespace {

using twin::ByteReader;
using twin::ByteWriter;
using twin::Fact;

constexpr uint8_t single_version = 1;  // one commit, with its offset, branch, time and author in full
constexpr uint8_t page_version = 2;
constexpr size_t head_size = 1 + sizeof(uint64_t);  // version, checksum

// The bits of the byte before each commit of a page.
constexpr uint8_t author_bit = 1;  // the author is that of the commit before
constexpr uint8_t branch_bit = 2;  // a branch other than main follows
constexpr uint8_t event_bit = 4;   // what it does to the branches follows

void pack_fact(const Fact& fact, bool same_entity, std::string& to) {
  ByteWriter writer(to);
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
    case Fact::Kind::past_stated:
    case Fact::Kind::past_numbers_stated:
    case Fact::Kind::past_corrected:
    case Fact::Kind::past_removed:
    case Fact::Kind::past_thinned:
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
    case Fact::Kind::attribute_set:
    case Fact::Kind::past_stated:
    case Fact::Kind::past_numbers_stated:
    case Fact::Kind::past_corrected:
    case Fact::Kind::past_removed:
    case Fact::Kind::past_thinned: {
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

bool CommitPage::takes(const Commit& commit) const {
  return empty() || (commits_ < commits_max && bytes_.size() < bytes_max && commit.recorded_at == recorded_at_ &&
                     commit.offset.number == last_.number + 1);
}

size_t CommitPage::add(const Commit& commit) {
  assert(takes(commit));
  const size_t size_before = bytes_.size();
  ByteWriter writer(bytes_);
  const bool is_first = empty();
  if (is_first) {
    bytes_.assign(head_size, '\0');
    writer.varint(commit.offset.number);
    writer.fixed(commit.recorded_at.microseconds);
    recorded_at_ = commit.recorded_at;
  }
  const bool same_author = !is_first && commit.author == author_;
  const bool has_event = commit.branch_event.kind != BranchEvent::Kind::none;
  const bool on_main = commit.branch == main_branch;
  writer.byte(
      static_cast<uint8_t>((same_author ? author_bit : 0) | (has_event ? event_bit : 0) | (on_main ? 0 : branch_bit)));
  if (!same_author) {
    writer.text(commit.author);
    author_ = commit.author;
  }
  if (!on_main) writer.varint(commit.branch.number);
  if (has_event) pack_event(commit.branch_event, writer);
  writer.varint(commit.facts.size());
  for (const Fact& fact : commit.facts) {
    const bool same_entity = fact.entity_id == entity_;
    pack_fact(fact, same_entity, bytes_);
    if (!same_entity) entity_ = fact.entity_id;
  }
  last_ = commit.offset;
  ++commits_;
  return bytes_.size() - size_before;
}

std::string_view CommitPage::seal() {
  assert(!empty());
  const uint64_t checksum = XXH3_64bits(bytes_.data() + head_size, bytes_.size() - head_size);
  bytes_[0] = static_cast<char>(page_version);
  std::memcpy(bytes_.data() + 1, &checksum, sizeof(checksum));
  return bytes_;
}

void CommitPage::clear() {
  bytes_.clear();
  commits_ = 0;
  author_.clear();
  entity_.clear();
}

namespace {

base::Error corrupt(const char* what, Offset offset) {
  return base::fail(base::Code::corrupt, what, "offset " + std::to_string(offset.number),
                    "restore the record from a backup");
}

// What lies behind the version, which is put into `version`.
ByteReader behind_version(std::string_view bytes, uint8_t& version) {
  ByteReader reader(bytes);
  version = reader.byte();
  reader.fixed<uint64_t>();
  return reader;
}

PageHead read_head(ByteReader& reader, uint8_t version, uint32_t& branch) {
  PageHead head;
  head.first = {reader.varint()};
  if (version == single_version) branch = reader.varint32();
  head.recorded_at = {reader.fixed<int64_t>()};
  return head;
}

// What stands between the head of a single commit, or the byte before each commit of a page, and its facts.
void read_fields(ByteReader& reader, uint8_t bits, Commit& commit) {
  if ((bits & author_bit) == 0) commit.author = std::string(reader.text());
  if ((bits & branch_bit) != 0) commit.branch = {reader.varint32()};
  if ((bits & event_bit) != 0) commit.branch_event = read_event(reader);
}

bool read_facts(ByteReader& reader, std::string& entity_before, Commit& commit) {
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    Fact fact;
    if (!read_fact(reader, entity_before, fact)) return false;
    if (fact.entity_id != entity_before) entity_before = fact.entity_id;
    commit.facts.push_back(std::move(fact));
  }
  return reader.ok();
}

}  // namespace

base::Result<PageHead> head_of_page(std::string_view bytes) {
  uint8_t version = 0;
  uint32_t branch = 0;
  ByteReader reader = behind_version(bytes, version);
  const PageHead head = read_head(reader, version, branch);
  if (!reader.ok()) return corrupt("a stored commit is cut short", head.first);
  return head;
}

base::Result<std::vector<Commit>> unpack_page(std::string_view bytes) {
  uint8_t version = 0;
  ByteReader reader = behind_version(bytes, version);
  if (!reader.ok()) return corrupt("a stored commit is cut short", {});
  if (version != single_version && version != page_version)
    return corrupt("a stored commit has a version that this program does not know", {});
  uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + 1, sizeof(checksum));
  if (XXH3_64bits(reader.rest().data(), reader.rest().size()) != checksum)
    return corrupt("a stored commit fails its checksum", {});
  Commit commit;
  const PageHead head = read_head(reader, version, commit.branch.number);
  std::vector<Commit> commits;
  std::string entity_before;
  do {
    commit.offset = {head.first.number + commits.size()};
    commit.recorded_at = head.recorded_at;
    read_fields(reader, version == single_version ? event_bit : reader.byte(), commit);
    if (!read_facts(reader, entity_before, commit)) return corrupt("a stored commit cannot be read", commit.offset);
    Commit& added = commits.emplace_back(std::move(commit));
    commit = Commit();
    commit.author = added.author;
  } while (version == page_version && !reader.at_end());
  if (!reader.at_end()) return corrupt("a stored commit cannot be read", head.first);
  return commits;
}

}  // namespace cityloom::thread
