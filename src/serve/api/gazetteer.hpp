// Names and places to search: a view over the main branch that follows the feed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thread/thread.hpp"

namespace cityloom::serve {

/// The named entities of the main branch, and the ids of all. Owns one worker that follows the feed. Any worker may
/// ask. Memory: its id and 30 bytes for each entity, and its names for a named one.
class Gazetteer {
 public:
  /// Starts to read the record and follow it; returns at once. The thread must outlive it.
  explicit Gazetteer(thread::Thread& thread);
  ~Gazetteer();

  /// Numbers of entities with a name that fits, the best first. Cost: about a nanosecond for each byte of all names,
  /// and 50 ns for one that fits.
  std::vector<twin::EntityNumber> search(std::string_view text, size_t limit) const;

  /// Up to `limit` ids that hold the text as it stands, looking on from place `from` (0 the first), which is moved; an
  /// empty answer is the end. Ids of entities that have ended may be among them, and one may come twice. Cost: about a
  /// nanosecond for each byte of all ids.
  std::vector<std::string> ids_with(std::string_view text, size_t limit, size_t& from) const;

  /// The box around all buildings; around everything that has a place if there are none; nothing if nothing has. To a
  /// centimetre. Cost: some nanoseconds an entity after one at its edge has moved or gone, else none.
  std::optional<twin::Box> bounds() const;

  /// The mean of the heights above the ellipsoid on which buildings stand, by their outlines; nothing if none tells
  /// one.
  std::optional<double> mean_base_m() const;

  /// Waits until everything up to this offset is in what it answers. False: not within `timeout_ms`.
  bool wait_for(thread::Offset offset, int64_t timeout_ms) const;

  /// How many entities have a name.
  size_t named_count() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve
