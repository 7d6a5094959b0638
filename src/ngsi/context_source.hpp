// Where contexts come from: built in, hosted here, inline in a request, or fetched and cached with an expiry.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/context.hpp"

namespace cityloom::ngsi {

/// What contexts may cost.
struct ContextLimits {
  size_t document_bytes_max = 1u << 20;  ///< one context document
  size_t terms_max = 20'000;             ///< terms in one resolved context
  size_t depth_max = 8;                  ///< documents that name documents
  size_t documents_max = 32;             ///< documents in one resolved context
  size_t cached_max = 256;               ///< documents and resolved contexts kept, each; the longest unused goes first
  int64_t lifetime_us = 3'600'000'000;   ///< a fetched document is fetched again after this; if that fails, the old one
                                         ///< stays in use for up to `stale_us` more
  int64_t stale_us = 86'400'000'000;
  int64_t retry_us = 10'000'000;  ///< a failed fetch is not repeated within this
};

/// What of the cache a client may ask (clause 5.13.3).
struct CachedContext {
  std::string url;
  base::Instant fetched_at;
  base::Instant last_used_at;
};

/// Gives contexts. Any worker may call any function. Fetching happens on the caller's worker, outside all locks:
/// a caller that must not wait asks `ready` first.
///
/// Errors of every function that resolves: unavailable (a document could not be fetched: LdContextNotAvailable),
/// invalid (not a context: BadRequestData), too_large, too_complex (limits, cycles). `where` names the URL or the path.
class ContextSource {
 public:
  /// Fetches a document by URL; in charge of forbidden addresses, redirects, sizes and time limits.
  using Fetch = std::function<base::Result<std::string>(const std::string& url)>;
  /// The text of a context hosted here under this URL, if there is one.
  using Hosted = std::function<std::optional<std::string>(std::string_view url)>;

  /// The clock must outlive it.
  ContextSource(Fetch fetch, Hosted hosted, const base::Clock& clock, ContextLimits limits = {});

  /// The context of a Link header.
  base::Result<ContextPointer> from_url(std::string_view url);

  /// The context of a "@context" member: JSON text of a URL string, an object, or a (nested) array of them.
  base::Result<ContextPointer> from_json(std::string_view value_json);

  /// The resolved context for the same argument as `from_json`, if that needs no fetch now; else nullptr.
  ContextPointer ready(std::string_view value_json);

  /// Checks a document as a client would host it: an object with a member "@context". Resolves it, fetching what it
  /// names. Returns the resolved context.
  base::Result<ContextPointer> check_document(std::string_view document_json);

  /// Forgets a document and all resolved contexts (some may hold it): after reload, replacement or deletion of a hosted
  /// one.
  void forget(std::string_view url);

  /// Fetches a cached document again now (clause 5.13.5 with reload). The old one stays if that fails.
  base::Status reload(const std::string& url);

  /// The fetched documents that are kept now, by URL.
  std::vector<CachedContext> cached() const;
  /// The text of a cached document.
  std::optional<std::string> document(std::string_view url) const;

 private:
  struct Document {
    std::string text;
    base::Instant fetched_at;
    base::Instant last_used_at;
  };
  struct Resolved {
    ContextPointer context;
    base::Instant until;
    std::list<std::string>::iterator place;
  };
  struct Failure {
    base::Instant at;
    base::Error error;
  };
  friend class ContextResolution;

  base::Result<ContextPointer> resolve(std::string_view value_json, bool may_fetch);
  base::Result<std::string> text_of(const std::string& url, bool may_fetch);
  base::Result<std::string> fetch_and_remember(const std::string& url);
  ContextPointer kept(std::string_view key);
  void keep(std::string_view key, const ContextPointer& context, base::Instant until);

  Fetch fetch_;
  Hosted hosted_;
  const base::Clock& clock_;
  ContextLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Document, std::less<>> documents_;
  std::map<std::string, Failure, std::less<>> failures_;
  std::map<std::string, Resolved, std::less<>> resolved_;
  std::list<std::string> order_;  // keys of resolved_, the longest unused first
};

}  // namespace cityloom::ngsi
