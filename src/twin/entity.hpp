// An entity, and the compact immutable record in which millions of them are held.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/paged_memory.hpp"
#include "twin/attribute.hpp"

namespace cityloom::twin {

/// The dense number of an entity in its tenant, given in order of first creation; never reused.
struct EntityNumber {
  uint32_t number = 0;
  constexpr auto operator<=>(const EntityNumber&) const = default;
};
static_assert(sizeof(EntityNumber) == 4);

inline constexpr size_t entity_id_bytes_max = 2'048;
inline constexpr size_t record_bytes_max = 16u << 20;  ///< one entity, encoded

/// An entity, unpacked. `attributes` keep the order in which they were first set; instances of one name with several
/// datasets are several entries.
struct Entity {
  std::string id;           ///< a URI
  std::vector<Term> types;  ///< at least one
  std::vector<std::string> scopes;
  base::Instant created_at;
  base::Instant modified_at;
  Offset offset;          ///< of the last commit that touched it
  Offset created_offset;  ///< of the commit that created it
  std::vector<Attribute> attributes;

  bool operator==(const Entity&) const = default;

  /// The instance of this name and dataset, or nullptr.
  const Attribute* find(Term name, Term dataset = {}) const;
  Attribute* find(Term name, Term dataset = {});
};

/// Which attribute instance of an entity.
struct InstanceKey {
  Term name;
  Term dataset;
  constexpr auto operator<=>(const InstanceKey&) const = default;
};

/// An entity packed into one immutable, reference-counted block of bytes: about 60 % of its NGSI-LD JSON. Copying is
/// a counter; any worker may read. Empty (default) stands for "no such entity".
class EntityRecord {
 public:
  EntityRecord() = default;
  EntityRecord(const EntityRecord& other) noexcept : block_(other.block_) { hold(); }
  EntityRecord(EntityRecord&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  EntityRecord& operator=(EntityRecord other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~EntityRecord() { release(); }

  /// Packs. Must satisfy the limits above. Cost: about a microsecond per kilobyte.
  static EntityRecord pack(const Entity& entity, EntityNumber number);

  /// This record, which must be of a living entity, as it is after a commit that set attribute instances. `stated`
  /// holds first those `known` that the record has, in its order (as `unpack_part` gives them), then new ones. All else
  /// is copied as it lies. The memory of `scratch` is used again. Cost: some 100 ns, and 5 ns an attribute.
  EntityRecord with_attributes(const std::vector<Attribute>& stated, size_t known, Offset offset,
                               base::Instant modified_at, std::string& scratch) const;

  /// The same, in memory that the system may page out, if it is large; else, or where there is no room, this very one.
  /// Must exist. Cost: a copy.
  EntityRecord paged_in(base::PagedMemory& memory) const;
  static constexpr size_t paged_bytes_min = 768;  ///< more than nearly all that has no geometry of many corners

  /// Takes bytes that `bytes()` once gave. Errors: corrupt.
  static base::Result<EntityRecord> from_bytes(std::string_view bytes);

  bool exists() const { return block_ != nullptr; }
  /// Whether both are the very same block (or both empty); quicker than comparing what they say.
  bool is(const EntityRecord& other) const { return block_ == other.block_; }
  explicit operator bool() const { return exists(); }

  // All of these need exists(). The header is read without unpacking.
  EntityNumber number() const;    ///< dense, by first creation
  std::string_view id() const;    ///< the URI
  Offset offset() const;          ///< of the last commit that changed it
  Offset created_offset() const;  ///< of the commit that created it
  /// Whether the entity has been deleted: such a record keeps its number and id, and has no types.
  bool ended() const;
  base::Instant created_at() const;
  base::Instant modified_at() const;
  bool has_type(Term type) const;
  std::vector<Term> types() const;
  std::vector<std::string> scopes() const;

  /// The packed types, to see without unpacking whether they changed.
  std::string_view types_bytes() const;

  /// The packed attributes, to be walked without unpacking by PackedAttributes (twin/packed.hpp).
  std::string_view attributes_bytes() const;

  /// The whole entity.
  Entity unpack() const;

  /// The entity with only those of its attribute instances that are `wanted`; the memory of `to` is used again.
  void unpack_part(const std::vector<InstanceKey>& wanted, Entity& to) const;

  /// How many attribute instances there are.
  uint32_t attribute_count() const;

  /// Calls `visit` for each attribute instance with this name (all of them if name is none), unpacked one at a time,
  /// until it returns false. Attributes of other names are skipped without unpacking.
  void each_attribute(Term name, const std::function<bool(const Attribute&)>& visit) const;

  /// Whether an instance of this name is there.
  bool has_attribute(Term name) const;

  /// The packed form, for storing.
  std::string_view bytes() const;

  /// Memory held, in bytes, the counter and the allocator's header included.
  size_t memory_bytes() const;

 private:
  struct Block;
  explicit EntityRecord(Block* block) : block_(block) {}
  void hold() const noexcept;
  void release() noexcept;
  Block* block_ = nullptr;
};
static_assert(sizeof(EntityRecord) == 8);

/// Packs one attribute instance, as it stands in a commit and in a generic history chunk; appends to `to`.
void pack_attribute(const Attribute& attribute, std::string& to);

/// Reads back what `pack_attribute` wrote and moves `from` past it. Errors: corrupt.
base::Result<Attribute> unpack_attribute(std::string_view& from);

}  // namespace cityloom::twin
