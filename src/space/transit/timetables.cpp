// Two small caches under one lock; reading happens outside of it.
#include "space/transit/timetables.hpp"

#include <algorithm>

namespace cityloom::space {
namespace {

constexpr size_t indexes_max = 8, blocks_max = 64;

template <class Map>
void drop_oldest(Map& map, size_t size_max) {
  while (map.size() > size_max) {
    map.erase(std::min_element(map.begin(), map.end(),
                               [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
}

}  // namespace

base::Result<std::shared_ptr<const TimetableIndex>> Timetables::index(const thread::Thread& thread,
                                                                      const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = indexes_.find(name); found != indexes_.end()) {
      found->second.used = ++now_;
      return found->second.held;
    }
  }
  const auto bytes = thread.asset(name);
  if (!bytes) return bytes.error();
  auto decoded = TimetableIndex::decode(**bytes);
  if (!decoded) return std::move(decoded).error();
  auto made = std::make_shared<const TimetableIndex>(std::move(*decoded));
  const std::lock_guard lock(mutex_);
  indexes_[name] = {made, ++now_};
  drop_oldest(indexes_, indexes_max);
  return made;
}

base::Result<Timetables::Bytes> Timetables::block(const thread::Thread& thread, const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = blocks_.find(name); found != blocks_.end()) {
      found->second.used = ++now_;
      return found->second.held;
    }
  }
  auto bytes = thread.asset(name);
  if (!bytes) return bytes;
  const std::lock_guard lock(mutex_);
  blocks_[name] = {*bytes, ++now_};
  drop_oldest(blocks_, blocks_max);
  return bytes;
}

base::Result<Timetables::Answer> Timetables::departures(const thread::Thread& thread, const thread::Snapshot& snapshot,
                                                        const DepartureRequest& request) {
  const twin::TermTable& terms = thread.terms();
  const auto term = [&](const char* name) {
    return terms.find("https://uri.etsi.org/ngsi-ld/default-context/" + std::string(name));
  };
  twin::Query feeds;
  feeds.types.any_of = {{term("TransitFeed")}};
  std::vector<std::pair<std::string, std::string>> names;
  auto status = snapshot.each(feeds, [&](const twin::EntityRecord& record) {
    record.each_attribute(term("timetable"), [&](const twin::Attribute& attribute) {
      const auto* name = std::get_if<std::string>(&attribute.value);
      if (name != nullptr) names.emplace_back(record.id(), *name);
      return false;
    });
    return true;
  });
  if (!status) return std::move(status).error();
  for (const auto& [feed_id, name] : names) {
    const auto known = index(thread, name);
    if (!known) return known.error();
    auto found =
        departures_of(**known, request, [&](const std::string& block_name) { return block(thread, block_name); });
    if (found) return Answer{*known, std::move(*found), feed_id};
    if (found.error().code != base::Code::not_found) return std::move(found).error();
  }
  return base::fail(base::Code::not_found, "no timetable has such a stop", request.stop_id);
}

}  // namespace cityloom::space
