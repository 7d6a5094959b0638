#include "twin/entity.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#include "twin/bytes.hpp"
#include "twin/packed.hpp"

// A record, packed: a fixed header, the id, types, scopes, then the attributes (see packed.cpp), each with its length.
namespace cityloom::twin {
namespace {

constexpr size_t number_at = 0, offset_at = 4, created_offset_at = 12, created_at_at = 20, modified_at_at = 28,
                 id_size_at = 36, id_at = 38;

template <class T>
T read_at(const char* bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes + at, sizeof(T));
  return value;
}

// Its packed length, then the attribute: nearly always the length takes one byte.
void append_attribute(const Attribute& attribute, std::string& to) {
  const size_t length_at = to.size();
  to.push_back(0);
  pack_attribute(attribute, to);
  const size_t length = to.size() - length_at - 1;
  if (length < 0x80) {
    to[length_at] = static_cast<char>(length);
    return;
  }
  std::string packed_length;
  ByteWriter(packed_length).varint(length);
  to.replace(length_at, 1, packed_length);
}

}  // namespace

struct EntityRecord::Block {
  mutable std::atomic<uint32_t> holders{1};
  uint32_t size : 31 = 0;
  uint32_t is_paged : 1 = 0;  // whose memory it is stands before the block

  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  base::PagedMemory*& paged_by() { return reinterpret_cast<base::PagedMemory**>(this)[-1]; }
  size_t paged_bytes() const { return sizeof(base::PagedMemory*) + sizeof(Block) + size; }

  static Block* make(std::string_view bytes) {
    void* memory = std::malloc(sizeof(Block) + bytes.size());
    if (memory == nullptr) throw std::bad_alloc();
    return fill(memory, bytes);
  }
  static Block* fill(void* memory, std::string_view bytes) {
    auto* block = new (memory) Block;
    block->size = static_cast<uint32_t>(bytes.size());
    std::memcpy(static_cast<char*>(memory) + sizeof(Block), bytes.data(), bytes.size());
    return block;
  }
};

const Attribute* Entity::find(Term name, Term dataset) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name && attribute.dataset == dataset) return &attribute;
  }
  return nullptr;
}

Attribute* Entity::find(Term name, Term dataset) {
  return const_cast<Attribute*>(static_cast<const Entity*>(this)->find(name, dataset));
}

void EntityRecord::hold() const noexcept {
  if (block_ != nullptr) block_->holders.fetch_add(1, std::memory_order_relaxed);
}

void EntityRecord::release() noexcept {
  if (block_ != nullptr && block_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    if (block_->is_paged == 0) {
      block_->~Block();
      std::free(block_);
    } else {
      base::PagedMemory* const memory = block_->paged_by();
      memory->free(&block_->paged_by(), block_->paged_bytes());
    }
  }
  block_ = nullptr;
}

EntityRecord EntityRecord::paged_in(base::PagedMemory& memory) const {
  if (block_->is_paged != 0 || block_->size < paged_bytes_min) return *this;
  void* const piece = memory.allocate(block_->paged_bytes());
  if (piece == nullptr) return *this;
  Block* const block = Block::fill(static_cast<base::PagedMemory**>(piece) + 1, bytes());
  block->is_paged = 1;
  block->paged_by() = &memory;
  return EntityRecord(block);
}

EntityRecord EntityRecord::pack(const Entity& entity, EntityNumber number) {
  std::string bytes;
  bytes.reserve(64 + entity.id.size() + entity.attributes.size() * 64);
  ByteWriter writer(bytes);
  writer.fixed(number.number);
  writer.fixed(entity.offset.number);
  writer.fixed(entity.created_offset.number);
  writer.fixed(entity.created_at.microseconds);
  writer.fixed(entity.modified_at.microseconds);
  writer.fixed(static_cast<uint16_t>(entity.id.size()));
  bytes.append(entity.id);
  writer.varint(entity.types.size());
  for (const Term type : entity.types) writer.varint(type.number);
  writer.varint(entity.scopes.size());
  for (const std::string& scope : entity.scopes) writer.text(scope);
  writer.varint(entity.attributes.size());
  for (const Attribute& attribute : entity.attributes) append_attribute(attribute, bytes);
  return EntityRecord(Block::make(bytes));
}

EntityRecord EntityRecord::with_attributes(const std::vector<Attribute>& stated, size_t known, Offset offset,
                                           base::Instant modified_at, std::string& scratch) const {
  PackedAttributes all(attributes_bytes());
  scratch.assign(bytes().substr(0, bytes().size() - attributes_bytes().size()));
  std::memcpy(scratch.data() + offset_at, &offset.number, sizeof(offset.number));
  std::memcpy(scratch.data() + modified_at_at, &modified_at.microseconds, sizeof(modified_at.microseconds));
  ByteWriter writer(scratch);
  writer.varint(all.count() + stated.size() - known);
  size_t next = 0;
  for (InstanceKey key; all.next(key);) {
    if (next < known && stated[next].name == key.name && stated[next].dataset == key.dataset) {
      append_attribute(stated[next++], scratch);
    } else {
      writer.text(all.last_bytes());
    }
  }
  while (next < stated.size()) append_attribute(stated[next++], scratch);
  return EntityRecord(Block::make(scratch));
}

base::Result<EntityRecord> EntityRecord::from_bytes(std::string_view bytes) {
  const auto corrupt = [] { return base::fail(base::Code::corrupt, "a stored entity cannot be read"); };
  if (bytes.size() < id_at || bytes.size() < id_at + read_at<uint16_t>(bytes.data(), id_size_at)) return corrupt();
  EntityRecord record(Block::make(bytes));
  if (record.attributes_bytes().empty()) return corrupt();
  PackedAttributes all(record.attributes_bytes());
  uint32_t read = 0;
  for (AttributeView view; all.next(view);) ++read;
  if (!all.ok() || read != all.count()) return corrupt();
  return record;
}

EntityNumber EntityRecord::number() const {
  return {read_at<uint32_t>(block_->bytes(), number_at)};
}
Offset EntityRecord::offset() const {
  return {read_at<uint64_t>(block_->bytes(), offset_at)};
}
Offset EntityRecord::created_offset() const {
  return {read_at<uint64_t>(block_->bytes(), created_offset_at)};
}
bool EntityRecord::ended() const {
  return block_->bytes()[id_at + id().size()] == 0;
}
base::Instant EntityRecord::created_at() const {
  return {read_at<int64_t>(block_->bytes(), created_at_at)};
}
base::Instant EntityRecord::modified_at() const {
  return {read_at<int64_t>(block_->bytes(), modified_at_at)};
}
std::string_view EntityRecord::bytes() const {
  return {block_->bytes(), block_->size};
}
size_t EntityRecord::memory_bytes() const {
  return sizeof(Block) + block_->size + 8;
}

std::string_view EntityRecord::id() const {
  return {block_->bytes() + id_at, read_at<uint16_t>(block_->bytes(), id_size_at)};
}

bool EntityRecord::has_type(Term type) const {
  ByteReader reader(bytes().substr(id_at + id().size()));
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    if (reader.varint() == type.number) return true;
  }
  return false;
}

std::string_view EntityRecord::types_bytes() const {
  const std::string_view from = bytes().substr(id_at + id().size());
  ByteReader reader(from);
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) reader.varint();
  return from.substr(0, from.size() - reader.rest().size());
}

std::vector<Term> EntityRecord::types() const {
  ByteReader reader(bytes().substr(id_at + id().size()));
  std::vector<Term> types;
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) types.push_back({reader.varint32()});
  return types;
}

std::vector<std::string> EntityRecord::scopes() const {
  ByteReader reader(bytes().substr(id_at + id().size()));
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) reader.varint();
  std::vector<std::string> scopes;
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) scopes.emplace_back(reader.text());
  return scopes;
}

std::string_view EntityRecord::attributes_bytes() const {
  ByteReader reader(bytes().substr(id_at + id().size()));
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) reader.varint();
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) reader.text();
  return reader.rest();
}

Entity EntityRecord::unpack() const {
  Entity entity;
  entity.id = std::string(id());
  entity.types = types();
  entity.scopes = scopes();
  entity.created_at = created_at();
  entity.modified_at = modified_at();
  entity.offset = offset();
  entity.created_offset = created_offset();
  PackedAttributes all(attributes_bytes());
  entity.attributes.reserve(all.count());
  for (AttributeView view; all.next(view);) entity.attributes.push_back(view.unpack());
  return entity;
}

void EntityRecord::unpack_part(const std::vector<InstanceKey>& wanted, Entity& to) const {
  to.id = id();
  to.created_at = created_at();
  to.modified_at = modified_at();
  to.offset = offset();
  to.created_offset = created_offset();
  to.types.clear();
  to.scopes.clear();
  to.attributes.clear();
  ByteReader reader(bytes().substr(id_at + id().size()));
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) to.types.push_back({reader.varint32()});
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) to.scopes.emplace_back(reader.text());
  PackedAttributes all(reader.rest());
  AttributeView view;
  for (InstanceKey key; all.next(key);) {
    for (const InstanceKey& one : wanted) {
      if (key != one) continue;
      if (read_attribute(all.last_bytes(), view)) to.attributes.push_back(view.unpack());
      break;
    }
  }
}

uint32_t EntityRecord::attribute_count() const {
  return PackedAttributes(attributes_bytes()).count();
}

void EntityRecord::each_attribute(Term name, const std::function<bool(const Attribute&)>& visit) const {
  PackedAttributes all(attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if ((!name.exists() || view.name == name) && !visit(view.unpack())) return;
  }
}

bool EntityRecord::has_attribute(Term name) const {
  PackedAttributes all(attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if (view.name == name) return true;
  }
  return false;
}

}  // namespace cityloom::twin
