#include "ngsi/context_source.hpp"

#include "ngsi/context_resolution.hpp"
#include "ngsi/json.hpp"

namespace cityloom::ngsi {
namespace {

constexpr base::Instant forever{std::numeric_limits<int64_t>::max()};

base::Instant after(base::Instant instant, int64_t microseconds) {
  return {instant.microseconds + microseconds};
}

// "@context" for an answer: as given, the core context's URL last where it is not there.
std::string json_with_core(simdjson::dom::element value) {
  const std::string core = '"' + std::string(core_context_url) + '"';
  const std::string given = simdjson::minify(value);
  const auto is_core = [](simdjson::dom::element item) {
    std::string_view url;
    return item.get(url) == simdjson::SUCCESS && is_core_context_url(url);
  };
  if (is_core(value)) return given;
  if (!value.is_array()) return '[' + given + ',' + core + ']';
  const simdjson::dom::array items = value;
  for (const auto item : items) {
    if (is_core(item)) return given;
  }
  if (items.size() == 0) return core;
  return given.substr(0, given.size() - 1) + ',' + core + ']';
}

// The one URL that the value names beside the core context; the core context's if it names nothing else; else "".
std::string link_of(simdjson::dom::element value) {
  std::string_view url;
  if (value.get(url) == simdjson::SUCCESS) return std::string(url);
  if (!value.is_array()) return {};
  std::string link;
  for (const auto item : simdjson::dom::array(value)) {
    if (item.get(url) != simdjson::SUCCESS) return {};
    if (is_core_context_url(url)) continue;
    if (!link.empty()) return {};
    link = url;
  }
  return link.empty() ? std::string(core_context_url) : link;
}

}  // namespace

ContextSource::ContextSource(Fetch fetch, Hosted hosted, const base::Clock& clock, ContextLimits limits)
    : fetch_(std::move(fetch)), hosted_(std::move(hosted)), clock_(clock), limits_(limits) {}

base::Result<ContextPointer> ContextSource::from_url(std::string_view url) {
  std::string json;
  append_quoted(url, json);
  return resolve(json, true);
}

base::Result<ContextPointer> ContextSource::from_json(std::string_view value_json) {
  return resolve(value_json, true);
}

ContextPointer ContextSource::ready(std::string_view value_json) {
  auto context = resolve(value_json, false);
  return context ? std::move(*context) : nullptr;
}

base::Result<ContextPointer> ContextSource::check_document(std::string_view document_json) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::element value;
  if (document_json.size() > limits_.document_bytes_max) {
    return base::fail(base::Code::too_large,
                      "the context has more than " + std::to_string(limits_.document_bytes_max) + " bytes", "@context");
  }
  if (parser.parse(simdjson::padded_string(document_json)).get(document) != simdjson::SUCCESS ||
      document["@context"].get(value) != simdjson::SUCCESS) {
    return base::fail(base::Code::invalid, "the document is no JSON object with a member \"@context\"", "@context");
  }
  return resolve(simdjson::minify(value), true);
}

base::Result<ContextPointer> ContextSource::resolve(std::string_view value_json, bool may_fetch) {
  if (ContextPointer context = kept(value_json)) return context;
  if (value_json.size() > limits_.document_bytes_max) {
    return base::fail(base::Code::too_large,
                      "the context has more than " + std::to_string(limits_.document_bytes_max) + " bytes", "@context");
  }
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (parser.allocate(value_json.size(), 64) != simdjson::SUCCESS ||
      parser.parse(simdjson::padded_string(value_json)).get(value) != simdjson::SUCCESS) {
    return base::fail(base::Code::invalid, "not JSON", "@context");
  }
  ContextResolution resolution([&](const std::string& url) { return text_of(url, may_fetch); }, limits_);
  if (base::Status status = resolution.add(value); !status) return status.error();
  if (resolution.terms().empty() && !resolution.used_documents()) {
    if (is_core_context_url(link_of(value))) return Context::core();
  }
  auto context = std::make_shared<const Context>(std::move(resolution.terms()), json_with_core(value), link_of(value));
  keep(value_json, context, resolution.used_documents() ? after(clock_.now(), limits_.lifetime_us) : forever);
  return ContextPointer(std::move(context));
}

base::Result<std::string> ContextSource::text_of(const std::string& url, bool may_fetch) {
  if (auto hosted = hosted_ ? hosted_(url) : std::nullopt) return std::move(*hosted);
  {
    const std::lock_guard lock(mutex_);
    const base::Instant now = clock_.now();
    const auto document = documents_.find(url);
    const auto failure = failures_.find(url);
    const bool failed_just_now = failure != failures_.end() && now < after(failure->second.at, limits_.retry_us);
    if (document != documents_.end()) {
      const bool is_fresh = now < after(document->second.fetched_at, limits_.lifetime_us);
      const bool may_serve = now < after(document->second.fetched_at, limits_.lifetime_us + limits_.stale_us);
      if (is_fresh || (may_serve && (failed_just_now || !may_fetch))) {
        document->second.last_used_at = now;
        return document->second.text;
      }
    }
    if (failed_just_now) return failure->second.error;
  }
  if (!may_fetch) return base::fail(base::Code::busy, "the context is not here yet", "@context " + url);
  auto text = fetch_and_remember(url);
  if (text) return text;
  const std::lock_guard lock(mutex_);
  const auto stale = documents_.find(url);
  if (stale != documents_.end() &&
      clock_.now() < after(stale->second.fetched_at, limits_.lifetime_us + limits_.stale_us)) {
    return stale->second.text;
  }
  return text;
}

base::Result<std::string> ContextSource::fetch_and_remember(const std::string& url) {
  base::Result<std::string> text =
      fetch_ ? fetch_(url) : base::fail(base::Code::unavailable, "contexts are not fetched here");
  base::Error error;
  if (text) {
    // Only what is a context is kept: a portal's page or half an answer must not stand for it.
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    if (text->size() > limits_.document_bytes_max) {
      error = base::fail(base::Code::unavailable,
                         "the context has more than " + std::to_string(limits_.document_bytes_max) + " bytes");
    } else if (parser.parse(*text).get(document) != simdjson::SUCCESS ||
               document["@context"].error() != simdjson::SUCCESS) {
      error = base::fail(base::Code::unavailable, "what was fetched is no JSON object with a member \"@context\"");
    }
  } else {
    error = base::fail(base::Code::unavailable, "the context could not be fetched: " + text.error().text());
  }
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  if (!error.what.empty()) {
    error.where = "@context " + url;
    if (failures_.size() >= limits_.cached_max) failures_.clear();
    failures_[url] = {now, error};
    return error;
  }
  failures_.erase(url);
  Document& document = documents_[url];
  document.text = *text;
  document.fetched_at = now;
  document.last_used_at = now;
  if (documents_.size() > limits_.cached_max) {
    auto oldest = documents_.begin();
    for (auto one = documents_.begin(); one != documents_.end(); ++one) {
      if (one->second.last_used_at < oldest->second.last_used_at && one->first != url) oldest = one;
    }
    if (oldest->first != url) documents_.erase(oldest);
  }
  return text;
}

ContextPointer ContextSource::kept(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = resolved_.find(key);
  if (found == resolved_.end()) return nullptr;
  if (clock_.now() >= found->second.until) {
    order_.erase(found->second.place);
    resolved_.erase(found);
    return nullptr;
  }
  order_.splice(order_.end(), order_, found->second.place);
  return found->second.context;
}

void ContextSource::keep(std::string_view key, const ContextPointer& context, base::Instant until) {
  const std::lock_guard lock(mutex_);
  const auto present = resolved_.find(key);
  if (present != resolved_.end()) {
    order_.erase(present->second.place);
    resolved_.erase(present);
  }
  order_.emplace_back(key);
  resolved_.emplace(order_.back(), Resolved{context, until, std::prev(order_.end())});
  if (resolved_.size() > limits_.cached_max) {
    resolved_.erase(order_.front());
    order_.pop_front();
  }
}

void ContextSource::forget(std::string_view url) {
  const std::lock_guard lock(mutex_);
  const auto forget_in = [&](auto& map) {
    if (const auto found = map.find(url); found != map.end()) map.erase(found);
  };
  forget_in(documents_);
  forget_in(failures_);
  resolved_.clear();
  order_.clear();
}

base::Status ContextSource::reload(const std::string& url) {
  const auto text = fetch_and_remember(url);
  if (!text) return text.error();
  const std::lock_guard lock(mutex_);
  resolved_.clear();
  order_.clear();
  return {};
}

std::vector<CachedContext> ContextSource::cached() const {
  const std::lock_guard lock(mutex_);
  std::vector<CachedContext> contexts;
  for (const auto& [url, document] : documents_) {
    contexts.push_back({url, document.fetched_at, document.last_used_at});
  }
  return contexts;
}

std::optional<std::string> ContextSource::document(std::string_view url) const {
  const std::lock_guard lock(mutex_);
  const auto found = documents_.find(url);
  return found == documents_.end() ? std::nullopt : std::optional(found->second.text);
}

}  // namespace cityloom::ngsi
