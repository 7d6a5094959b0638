// Who wants to be looked at when.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace cityloom::serve::ngsi_ld {

/// Times at which keys are due, one each: the earliest that was asked for. Not for several workers at once.
class Agenda {
 public:
  using Key = uint64_t;
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Time never = Time::max();

  /// The key is due at that time at the latest; `never` changes nothing.
  void add(Key key, Time at) {
    if (at == never) return;
    const auto [place, is_new] = due_.try_emplace(key, at);
    if (!is_new && place->second <= at) return;
    if (!is_new) ordered_.erase({place->second, key});
    place->second = at;
    ordered_.insert({at, key});
  }
  /// It is due no more.
  void remove(Key key) {
    const auto place = due_.find(key);
    if (place == due_.end()) return;
    ordered_.erase({place->second, key});
    due_.erase(place);
  }
  /// Takes out all that are due by now, the earliest first.
  std::vector<Key> take(Time now) {
    std::vector<Key> due;
    while (!ordered_.empty() && ordered_.begin()->first <= now) {
      due.push_back(ordered_.begin()->second);
      remove(due.back());
    }
    return due;
  }
  /// When the next one is due.
  Time next() const { return ordered_.empty() ? never : ordered_.begin()->first; }

 private:
  std::set<std::pair<Time, Key>> ordered_;
  std::map<Key, Time> due_;
};

}  // namespace cityloom::serve::ngsi_ld
