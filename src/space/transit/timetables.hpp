// The timetables of a record, read from their assets and kept while they are asked for.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "space/transit/timetable.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

/// Departures out of a record's timetables (entities TransitFeed). Any worker. Keeps the last 8 indexes and 64 blocks
/// of 4 MiB that were asked for.
class Timetables {
 public:
  struct Answer {
    std::shared_ptr<const TimetableIndex> index;  ///< which `departures` point into
    std::vector<Departure> departures;
    std::string feed_id;
  };
  /// Errors: not_found (no timetable has this stop), those of departures_of and of the record.
  base::Result<Answer> departures(const thread::Thread& thread, const thread::Snapshot& snapshot,
                                  const DepartureRequest& request);

 private:
  using Bytes = std::shared_ptr<const std::string>;
  base::Result<std::shared_ptr<const TimetableIndex>> index(const thread::Thread& thread, const std::string& name);
  base::Result<Bytes> block(const thread::Thread& thread, const std::string& name);

  std::mutex mutex_;
  uint64_t now_ = 0;
  template <class Held>
  struct Kept {
    Held held;
    uint64_t used = 0;
  };
  std::map<std::string, Kept<std::shared_ptr<const TimetableIndex>>> indexes_;
  std::map<std::string, Kept<Bytes>> blocks_;
};

}  // namespace cityloom::space
