// Which entities of a branch are those of an NGSI-LD snapshot: the ones that its queries found when it was made, and
// what was created on its branch since.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "twin/entity.hpp"

namespace cityloom::serve {

/// A set of entity numbers and an offset. Filled once, then immutable to those who share it. Holds a bit for every
/// number up to the greatest: 125 KB where a million entities are known.
class Selection {
 public:
  /// `since`: of the fork. What was created after it belongs to the branch alone.
  explicit Selection(twin::Offset since) : since_(since) {}

  /// Takes an entity in.
  void add(twin::EntityNumber number);
  bool holds(twin::EntityNumber number) const;
  /// Whether a record of the branch is one that the snapshot has. The record must exist.
  bool shows(const twin::EntityRecord& record) const {
    return record.created_offset() > since_ || holds(record.number());
  }

  twin::Offset since() const { return since_; }
  size_t count() const { return count_; }

  /// Runs of numbers, packed: what `from_bytes` reads.
  std::string bytes() const;
  /// Errors: corrupt.
  static base::Result<Selection> from_bytes(twin::Offset since, std::string_view bytes);

 private:
  twin::Offset since_;
  std::vector<uint64_t> words_;
  size_t count_ = 0;
};

}  // namespace cityloom::serve
