// Hosted contexts in memory and in the record.
#include "serve/ngsi/hosted_contexts.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr size_t implicit_max = 1'000;
constexpr std::string_view implicit_prefix = "implicit-";
constexpr std::string_view entity_prefix = "urn:cityloom:internal:context:";

std::string hex_hash(std::string_view text) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return hex.data();
}

}  // namespace

base::Status HostedContexts::open(thread::Thread& thread) {
  const auto terms = intern_internal_terms(thread.terms());
  if (!terms.ok()) return terms.error();
  thread_ = &thread;
  type_ = terms->context_type;
  attribute_ = terms->document;
  twin::Query query;
  query.types.any_of = {{type_}};
  const std::lock_guard lock(mutex_);
  return thread.snapshot().each(query, [&](const twin::EntityRecord& record) {
    record.each_attribute(attribute_, [&](const twin::Attribute& attribute) {
      const auto* json = std::get_if<twin::Json>(&attribute.value);
      if (json == nullptr) return true;
      std::string id(record.id().substr(entity_prefix.size()));
      HostedContext context{id, json->text, id.starts_with(implicit_prefix), record.created_at(), record.created_at(),
                            0};
      contexts_.emplace(std::move(id), std::move(context));
      return false;
    });
    return true;
  });
}

void HostedContexts::write(std::string_view id, thread::Completion done) {
  const auto context = find(id);
  if (!context) return done(base::fail(base::Code::not_found, "there is no @context with this id", std::string(id)));
  thread::Change change;
  change.kind = thread::Change::Kind::create_or_replace;
  change.entity_id = std::string(entity_prefix) + context->id;
  change.types = {type_};
  twin::Attribute attribute;
  attribute.name = attribute_;
  attribute.kind = twin::AttributeKind::json_property;
  attribute.value = twin::Json{context->document};
  change.attributes.push_back(std::move(attribute));
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes.push_back(std::move(change));
  thread_->submit(std::move(set), std::move(done));
}

std::string HostedContexts::remember(std::string document, bool implicit) {
  HostedContext context;
  context.document = std::move(document);
  context.implicit = implicit;
  context.created_at = context.last_used_at = clock_.now();
  std::string dropped;
  {
    const std::lock_guard lock(mutex_);
    if (implicit) {
      context.id = std::string(implicit_prefix) + hex_hash(context.document);
    } else {
      do {
        context.id = hex_hash(context.document + context.created_at.text() + std::to_string(++added_));
      } while (contexts_.contains(context.id));
    }
    contexts_.insert_or_assign(context.id, context);
    // Implicit ones come with requests and must not grow without end: the longest unused goes.
    const auto is_implicit = [](const auto& entry) { return entry.second.implicit; };
    if (implicit &&
        static_cast<size_t>(std::count_if(contexts_.begin(), contexts_.end(), is_implicit)) > implicit_max) {
      const auto oldest = std::min_element(contexts_.begin(), contexts_.end(), [](const auto& left, const auto& right) {
        return std::pair(!left.second.implicit, left.second.last_used_at) <
               std::pair(!right.second.implicit, right.second.last_used_at);
      });
      dropped = oldest->first;
    }
  }
  if (!dropped.empty() && dropped != context.id) (void)remove(dropped, [](const base::Result<thread::Outcomes>&) {});
  return context.id;
}

std::string HostedContexts::implicit(std::string_view context_json) {
  std::string document = R"({"@context":)" + std::string(context_json) + "}";
  std::string id = std::string(implicit_prefix) + hex_hash(document);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = contexts_.find(id); found != contexts_.end()) {
      found->second.last_used_at = clock_.now();
      return id;
    }
  }
  id = remember(std::move(document), true);
  write(id, [](const base::Result<thread::Outcomes>&) {});
  return id;
}

bool HostedContexts::remove(std::string_view id, thread::Completion done) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = contexts_.find(id);
    if (found == contexts_.end()) return false;
    contexts_.erase(found);
  }
  thread::Change change;
  change.kind = thread::Change::Kind::remove;
  change.entity_id = std::string(entity_prefix) + std::string(id);
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes.push_back(std::move(change));
  thread_->submit(std::move(set), std::move(done));
  return true;
}

std::optional<HostedContext> HostedContexts::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = contexts_.find(id);
  return found == contexts_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<HostedContext> HostedContexts::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<HostedContext> all;
  for (const auto& [id, context] : contexts_) all.push_back(context);
  return all;
}

std::string_view HostedContexts::id_in(std::string_view url) {
  const size_t at = url.rfind(contexts_path);
  const std::string_view id = at == std::string_view::npos ? url : url.substr(at + contexts_path.size());
  return id.find_first_of("/?#:") == std::string_view::npos ? id : std::string_view{};
}

std::optional<std::string> HostedContexts::document_of(std::string_view url) {
  const std::string_view id = id_in(url);
  if (id.empty()) return {};
  const std::lock_guard lock(mutex_);
  const auto found = contexts_.find(id);
  if (found == contexts_.end()) return {};
  found->second.last_used_at = clock_.now();
  ++found->second.uses;
  return found->second.document;
}

}  // namespace cityloom::serve::ngsi_ld
