// What was corrected in, and taken out of, the past of one entity, as a snapshot sees it (room-internal).
#pragma once

#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "thread/change.hpp"
#include "thread/views.hpp"

namespace cityloom::thread {

/// One branch's part of the past of a snapshot: commits with after < offset <= upto.
struct Stretch {
  BranchId branch;
  Offset after;
  Offset upto;
};

/// From main to the snapshot's branch.
std::vector<Stretch> stretches_of(const Views& views, BranchId branch, Offset upto);

/// What takes the place of an instance.
struct Correction {
  PastKey key;  ///< of the instance
  Offset at;    ///< of the correction
  twin::Attribute attribute;
};

/// The corrections that count in a snapshot. A value; empty for nearly every entity.
class PastCorrections {
 public:
  /// Reads those of an entity. Cost: nothing where there are none but a look at the entity's series. Errors: corrupt,
  /// unavailable.
  static base::Result<PastCorrections> read(const Views& views, const std::vector<Stretch>& stretches,
                                            twin::EntityNumber number);

  bool empty() const { return by_instance_.empty() && removed_upto_.empty(); }
  /// All that was stated of the entity up to here is taken out.
  Offset removed_upto() const { return upto_of({}, {}); }
  /// Whether an instance is not to be told as it was stated.
  bool hides(twin::Term name, twin::Term dataset, const PastKey& key) const;
  /// Whether all that was stated of an attribute up to an offset is taken out: also what stands for a thinned period.
  bool takes_out(twin::Term name, twin::Term dataset, Offset offset) const {
    return !empty() && offset <= removed_upto(name, dataset);
  }
  /// Whether any instance of these offsets may be hidden.
  bool concerns(twin::Term name, twin::Term dataset, bool told, Offset first, Offset last) const;
  /// What takes the place of hidden instances.
  const std::vector<Correction>& replacements() const { return replacements_; }

 private:
  using Name = std::pair<twin::Term, twin::Term>;  // of an attribute, of a dataset
  using Instance = std::tuple<twin::Term, twin::Term, bool, Offset, base::Instant>;
  struct Last {
    Offset at;
    std::optional<twin::Attribute> attribute;
  };
  void take(const PastInstance& correction);
  void settle();
  Offset upto_of(twin::Term name, twin::Term dataset) const;
  Offset removed_upto(twin::Term name, twin::Term dataset) const;

  std::map<Instance, Last> by_instance_;
  std::map<Name, Offset> removed_upto_;
  std::vector<Correction> replacements_;
};

}  // namespace cityloom::thread
