// Collections of features: one an entity type, with what they hold.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/ngsi/services.hpp"
#include "serve/ogc/bounded_read.hpp"
#include "twin/geometry.hpp"

namespace cityloom::serve::ogc {

/// What a type's entities have, all of them together.
struct Summary {
  std::optional<twin::Box> box;           ///< around every location
  base::Instant first, last;              ///< observedAt of attributes; none: nothing was observed
  std::map<twin::Term, bool> attributes;  ///< those that any of them has
};
using Summaries = std::map<twin::Term, Summary>;

/// One entity type as a collection.
struct Collection {
  std::string id;  ///< the last part of the type's IRI, or the IRI where another type has that
  twin::Term type;
  uint64_t count = 0;
};

/// What a person reads as a collection's title, in Korean or English: that of a type that is known, else its name.
std::string title_of(std::string_view collection_id, bool korean);

/// The collections of every tenant. What they hold is looked at once a minute at most, all of it at a time. Any worker.
class Collections {
 public:
  explicit Collections(ngsi_ld::Services& services) : services_(services) {}

  /// All of them, the largest first. Errors: cancelled (of the past, or a branch, on a connection's worker).
  base::Result<std::vector<Collection>> all(const Request& request, const Reading& reading, const Effort& effort) const;
  /// The one of an id. Errors: not_found, and as above.
  base::Result<Collection> find(std::string_view id, const Request& request, const Reading& reading,
                                const Effort& effort) const;

  /// What the types hold; nothing for the past and branches, where only a walk would tell. Errors: cancelled (not known
  /// yet, on a connection's worker).
  base::Result<std::shared_ptr<const Summaries>> summaries(const Reading& reading, const Effort& effort) const;

 private:
  struct Known {
    std::shared_ptr<const Summaries> summaries;
    thread::Offset at;
    base::Instant since;
  };
  base::Result<std::shared_ptr<const Summaries>> look(const Reading& reading, const Effort& effort) const;

  ngsi_ld::Services& services_;
  mutable std::mutex mutex_;    // guards what is known
  mutable std::mutex looking_;  // held by the one that looks
  mutable std::map<const thread::Thread*, Known> known_;
};

}  // namespace cityloom::serve::ogc
