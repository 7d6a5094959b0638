// Answers kept, found and forgotten.
#include "serve/ngsi/source_cache.hpp"

#include "ngsi/aggregation.hpp"

namespace cityloom::serve::ngsi_ld {

std::optional<OutgoingResponse> SourceCache::find(const std::string& key, base::Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return {};
  const Place place = found->second;
  if (place->until <= now) {
    erase(place);
    return {};
  }
  kept_.splice(kept_.begin(), kept_, place);
  return place->response;
}

void SourceCache::keep(const std::string& key, const std::string& place, const OutgoingResponse& response,
                       base::Instant until, uint64_t writes) {
  Kept kept{key, place, response, until, key.size() + place.size() + response.body.size()};
  for (const auto& [name, value] : response.headers) kept.bytes += name.size() + value.size();
  if (kept.bytes > options_.answer_bytes_max) return;
  const std::lock_guard lock(mutex_);
  if (writes != writes_) return;
  if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
  bytes_ += kept.bytes;
  kept_.push_front(std::move(kept));
  by_key_[kept_.front().key] = kept_.begin();
  while (kept_.size() > options_.answers_max || bytes_ > options_.bytes_max) erase(std::prev(kept_.end()));
}

void SourceCache::forget(std::string_view place) {
  const std::lock_guard lock(mutex_);
  ++writes_;
  for (auto at = kept_.begin(); at != kept_.end();) {
    const auto next = std::next(at);
    if (at->place == place) erase(at);
    at = next;
  }
}

void SourceCache::erase(Place place) {
  bytes_ -= place->bytes;
  by_key_.erase(place->key);
  kept_.erase(place);
}

std::string SourceCache::key_of(const OutgoingRequest& request) {
  std::string key = request.method + ' ' + request.url + '\n';
  for (const auto& [name, value] : request.headers) key += name + ": " + value + '\n';
  return key + '\n' + request.body;
}

std::string SourceCache::place_of(const ngsi::Registration& registration) {
  return registration.endpoint + '\n' + registration.tenant;
}

std::optional<base::Instant> SourceCache::until(const ngsi::Registration& registration, base::Instant now) {
  if (!registration.management || registration.management->cache_duration.empty()) return {};
  const auto period = ngsi::parse_period(registration.management->cache_duration);
  if (!period.ok() || period->is_whole()) return {};
  return period->start(now, 1);
}

}  // namespace cityloom::serve::ngsi_ld
