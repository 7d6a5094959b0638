// Answers of registered sources that may be given again for as long as their registration says (cacheDuration).
// ETSI GS CIM 009 V1.9.1 clause 5.2.34.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/instant.hpp"
#include "ngsi/registration.hpp"
#include "serve/outgoing.hpp"

namespace cityloom::serve::ngsi_ld {

/// Limits.
struct SourceCacheOptions {
  size_t answers_max = 2'000;
  size_t bytes_max = 64u << 20;        ///< of all answers and what was asked
  size_t answer_bytes_max = 1u << 20;  ///< a larger one is not kept
};

/// Any worker. What was used longest ago goes first. An answer is one to the very same request: address, headers (who
/// asks, for which tenant, which way) and body.
class SourceCache {
 public:
  explicit SourceCache(SourceCacheOptions options = {}) : options_(options) {}

  /// The answer, while it may be given again.
  std::optional<OutgoingResponse> find(const std::string& key, base::Instant now);
  /// Keeps an answer until then, unless something was written since `writes` were counted: it may be of before.
  /// `place` says which broker gave it.
  void keep(const std::string& key, const std::string& place, const OutgoingResponse& response, base::Instant until,
            uint64_t writes);
  /// How often `forget` was called.
  uint64_t writes() const { return writes_.load(); }
  /// Something was written to a broker: what it answered before counts no more.
  void forget(std::string_view place);

  /// What a request is found by.
  static std::string key_of(const OutgoingRequest& request);
  /// Which broker, and which of its tenants, a registration is of.
  static std::string place_of(const ngsi::Registration& registration);
  /// When an answer that comes now may not be given again any more; nothing: the registration wants none kept.
  static std::optional<base::Instant> until(const ngsi::Registration& registration, base::Instant now);

 private:
  struct Kept {
    std::string key, place;
    OutgoingResponse response;
    base::Instant until;
    size_t bytes = 0;
  };
  using Place = std::list<Kept>::iterator;
  void erase(Place place);

  const SourceCacheOptions options_;
  std::mutex mutex_;      // guards what follows
  std::list<Kept> kept_;  // the latest used first
  std::unordered_map<std::string_view, Place> by_key_;
  size_t bytes_ = 0;
  std::atomic<uint64_t> writes_{0};
};

}  // namespace cityloom::serve::ngsi_ld
