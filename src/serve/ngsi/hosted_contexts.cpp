// Hosted contexts in memory and in the record.
#include "serve/ngsi/hosted_contexts.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr size_t implicit_max = 1'000, given_max = 10'000;
constexpr std::string_view implicit_prefix = "implicit-";
constexpr std::string_view entity_prefix = "urn:cityloom:internal:context:";

std::string hex_hash(std::string_view text) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return hex.data();
}

// No tenant's name holds a colon.
std::string entity_id_of(const HostedContext& context) {
  std::string id(entity_prefix);
  if (!context.tenant.empty()) id += context.tenant + ':';
  return id + context.id;
}

void name_by(std::string_view entity_id, HostedContext& context) {
  std::string_view rest = entity_id.substr(entity_prefix.size());
  if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
    context.tenant = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  context.id = rest;
  context.implicit = rest.starts_with(implicit_prefix);
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
      HostedContext context;
      name_by(record.id(), context);
      context.document = json->text;
      context.created_at = context.last_used_at = record.created_at();
      contexts_.emplace(context.id, context);
      return false;
    });
    return true;
  });
}

void HostedContexts::write(std::string_view id, thread::Completion done) {
  std::optional<HostedContext> context;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = contexts_.find(id); found != contexts_.end()) context = found->second;
  }
  if (!context) return done(base::fail(base::Code::not_found, "there is no @context with this id", std::string(id)));
  thread::Change change;
  change.kind = thread::Change::Kind::create_or_replace;
  change.entity_id = entity_id_of(*context);
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

base::Result<std::string> HostedContexts::remember(std::string document, std::string_view tenant) {
  HostedContext context;
  context.tenant = tenant;
  context.document = std::move(document);
  context.created_at = context.last_used_at = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto given =
      std::count_if(contexts_.begin(), contexts_.end(), [](const auto& one) { return !one.second.implicit; });
  if (static_cast<size_t>(given) >= given_max) {
    return base::fail(base::Code::busy, "as many contexts are hosted as there may be: " + std::to_string(given_max), {},
                      "delete some that nobody uses");
  }
  do {
    context.id = hex_hash(context.document + context.created_at.text() + std::to_string(++added_));
  } while (contexts_.contains(context.id));
  contexts_.emplace(context.id, context);
  return context.id;
}

// Implicit ones come with requests and must not grow without end. Takes the longest unused out. The mutex is held.
std::optional<HostedContext> HostedContexts::too_many_implicit() {
  size_t count = 0;
  auto oldest = contexts_.end();
  for (auto at = contexts_.begin(); at != contexts_.end(); ++at) {
    if (!at->second.implicit) continue;
    ++count;
    if (oldest == contexts_.end() || at->second.last_used_at < oldest->second.last_used_at) oldest = at;
  }
  if (count < implicit_max) return {};
  HostedContext dropped = std::move(oldest->second);
  contexts_.erase(oldest);
  return dropped;
}

std::string HostedContexts::implicit(std::string_view context_json, std::string_view tenant) {
  HostedContext context;
  context.tenant = tenant;
  context.implicit = true;
  context.document = R"({"@context":)" + std::string(context_json) + "}";
  // What one tenant's requests hold is nothing that another may list.
  const std::string of_tenant = tenant.empty() ? std::string() : std::string(tenant) + ':';
  context.id = std::string(implicit_prefix) + hex_hash(of_tenant + context.document);
  context.created_at = context.last_used_at = clock_.now();
  std::optional<HostedContext> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = contexts_.find(context.id); found != contexts_.end()) {
      found->second.last_used_at = context.last_used_at;
      return context.id;
    }
    dropped = too_many_implicit();
    contexts_.emplace(context.id, context);
  }
  if (dropped) write_removal(*dropped, [](const base::Result<thread::Outcomes>&) {});
  write(context.id, [](const base::Result<thread::Outcomes>&) {});
  return context.id;
}

void HostedContexts::write_removal(const HostedContext& context, thread::Completion done) {
  thread::Change change;
  change.kind = thread::Change::Kind::remove;
  change.entity_id = entity_id_of(context);
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes.push_back(std::move(change));
  thread_->submit(std::move(set), std::move(done));
}

bool HostedContexts::remove(std::string_view id, std::string_view tenant, thread::Completion done) {
  HostedContext removed;
  {
    const std::lock_guard lock(mutex_);
    const auto found = contexts_.find(id);
    if (found == contexts_.end() || found->second.tenant != tenant) return false;
    removed = std::move(found->second);
    contexts_.erase(found);
  }
  write_removal(removed, std::move(done));
  return true;
}

std::optional<HostedContext> HostedContexts::find(std::string_view id, std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = contexts_.find(id);
  return found == contexts_.end() || found->second.tenant != tenant ? std::nullopt : std::optional(found->second);
}

std::vector<HostedContext> HostedContexts::list(std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<HostedContext> all;
  for (const auto& [id, context] : contexts_) {
    if (context.tenant == tenant) all.push_back(context);
  }
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
  return found->second.document;
}

}  // namespace cityloom::serve::ngsi_ld
