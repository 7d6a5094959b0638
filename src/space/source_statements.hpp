// What one source stated before, so that what it no longer says can end (decision 0042).
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "thread/change.hpp"

namespace cityloom::space {

/// Which attribute instances a source has stated of which entities. Small: entities of one file have few different sets
/// of attributes, so that each entity costs 16 bytes and each set is held once. One worker.
class SourceStatements {
 public:
  void clear();

  /// Notes what the source has stated of an entity: the instances whose `providedBy` names it.
  void note(std::string_view entity_id, std::vector<twin::InstanceKey> instances);

  /// Adds to the change of an entity the end of each instance that the source stated before and the change does not
  /// state. What others stated stays. Cost: a hash lookup and a walk over the instances.
  void end_unsaid(thread::Change& change) const;

  /// Entities of which the source has stated something.
  size_t size() const { return set_of_.size(); }
  bool contains(uint64_t id_hash) const { return set_of_.contains(id_hash); }  ///< by `hash_of_id`

  /// The number under which an entity is known here.
  static uint64_t hash_of_id(std::string_view entity_id);

 private:
  absl::flat_hash_map<uint64_t, uint32_t> set_of_;  // hash of the id -> index in sets_
  std::vector<std::vector<twin::InstanceKey>> sets_;
  std::map<std::vector<twin::InstanceKey>, uint32_t> index_of_;
};

/// The attribute instances of an entity whose sub-attribute `provided_by` is `source`, or begins with it and a blank.
std::vector<twin::InstanceKey> stated_by(const std::vector<twin::Attribute>& attributes, twin::Term provided_by,
                                         std::string_view source);

}  // namespace cityloom::space
