// Contexts added, listed, served, deleted and reloaded. ETSI GS CIM 009 clauses 5.13, 6.29, 6.30.
#include <simdjson.h>

#include "ngsi/query.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::ProblemType;

Error unknown_context(std::string_view id) {
  return {Code::not_found, "there is no @context with this id", std::string(id.substr(0, 500)), {}};
}

std::string without_white_space(std::string_view json) {
  std::string out(json.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t length = 0;
  // The body was read before: it is well-formed.
  if (simdjson::minify(json.data(), json.size(), out.data(), length) != simdjson::SUCCESS) return std::string(json);
  out.resize(length);
  return out;
}

void check_and_add(Call call) {
  Services& services = call.services();
  const auto checked = services.contexts.check_document(call.request().body());
  if (!checked.ok()) return call.fail(ngsi::context_problem_of(checked.error()), checked.error());
  const auto id = services.hosted.remember(without_white_space(call.request().body()), call.request().tenant());
  if (!id.ok()) return call.fail(id.error());
  auto shared = std::make_shared<Call>(std::move(call));
  services.hosted.write(*id, [shared, id = *id](const base::Result<thread::Outcomes>& outcomes) {
    if (!outcomes.ok()) return shared->fail(outcomes.error());
    Response response = Response::empty(201);
    response.header("Location", std::string(contexts_path) + id);
    shared->send(std::move(response));
  });
}

// Contexts are of a tenant, but need none that has a record (clause 5.5.10).
bool checks_tenant(Call& call) {
  const std::string_view tenant = call.request().tenant();
  if (tenant.empty()) return true;
  const auto checked = Tenants::check_name(tenant);
  if (!checked.ok()) call.fail(checked.error());
  return checked.ok();
}

// NGSI-LD: 5.13.2 add a context
void add_context(Call call) {
  if (!checks_tenant(call)) return;
  if (!call.body().context_json()) {
    return call.fail(ProblemType::invalid_request,
                     {Code::invalid, "the body must be an object with a member @context", "@context", {}});
  }
  // What it names may have to be fetched.
  call.continue_on(call.services().fetching, check_and_add);
}

void append_member(std::string_view name, std::string_view value, std::string& to) {
  if (to.back() != '{') to += ',';
  ngsi::append_quoted(name, to);
  to += ':';
  ngsi::append_quoted(value, to);
}

// `timestamp` is what editions before V1.9.1 call it.
void append_created(base::Instant time, std::string& to) {
  append_member("createdAt", time.text(), to);
  append_member("timestamp", time.text(), to);
}

std::string details_of(const HostedContext& context, const std::string& url) {
  std::string body = "{";
  append_member("URL", url, body);
  append_member("localId", context.id, body);
  append_member("kind", context.implicit ? "ImplicitlyCreated" : "Hosted", body);
  append_created(context.created_at, body);
  append_member("lastUsage", context.last_used_at.text(), body);
  return body + '}';
}

std::string details_of(const ngsi::CachedContext& context) {
  std::string body = "{";
  append_member("URL", context.url, body);
  append_member("localId", context.url, body);
  append_member("kind", "Cached", body);
  append_created(context.fetched_at, body);
  append_member("lastUsage", context.last_used_at.text(), body);
  return body + '}';
}

// "v1.8" in ".../ngsi-ld-core-context-v1.8.jsonld"; of one that names none the default.
std::string_view core_version_in(std::string_view url) {
  const size_t at = url.rfind("-v1.");
  return at == std::string_view::npos ? std::string_view("v1.8") : url.substr(at + 1, 4);
}

// The core contexts are built in, so that a hub without a way outside can serve them.
std::string details_of_core(const Services& services, std::string_view url) {
  std::string body = "{";
  append_member("URL", url, body);
  append_member("localId", url, body);
  append_member("kind", "Hosted", body);
  append_created(services.started_at, body);
  return body + '}';
}

std::string url_of(const Call& call, const HostedContext& context) {
  return call.origin() + std::string(contexts_path) + context.id;
}

// NGSI-LD: 5.13.3 list contexts
void list_contexts(Call call) {
  const auto kind = call.parameter("kind");
  if (kind && *kind != "Hosted" && *kind != "Cached" && *kind != "ImplicitlyCreated") {
    return call.fail({Code::invalid, "must be Hosted, Cached or ImplicitlyCreated", "kind", {}});
  }
  const bool details = call.flag("details");
  std::string body = "[";
  const auto add = [&](std::string_view of_kind, const std::string& url, const std::string& described) {
    if (kind && *kind != of_kind) return;
    if (body.size() > 1) body += ',';
    if (details) {
      body += described;
    } else {
      ngsi::append_quoted(url, body);
    }
  };
  for (const HostedContext& context : call.services().hosted.list(call.request().tenant())) {
    const std::string url = url_of(call, context);
    add(context.implicit ? "ImplicitlyCreated" : "Hosted", url, details ? details_of(context, url) : std::string());
  }
  for (const ngsi::CachedContext& context : call.services().contexts.cached()) {
    add("Cached", context.url, details ? details_of(context) : std::string());
  }
  body += ']';
  call.send(Response{200, name_of(call.answer()), {}, std::move(body), {}});
}

std::optional<ngsi::CachedContext> cached_context(const Services& services, std::string_view url) {
  for (const ngsi::CachedContext& context : services.contexts.cached()) {
    if (context.url == url) return context;
  }
  return {};
}

// NGSI-LD: 5.13.4 serve a context
void serve_context(Call call) {
  const std::string id(call.request().path_value("contextId"));
  Services& services = call.services();
  const bool details = call.flag("details");
  if (ngsi::is_core_context_url(id)) {
    std::string body = details ? details_of_core(services, id) : ngsi::core_context_json(core_version_in(id));
    return call.send(Response{200, name_of(call.answer()), {}, std::move(body), {}});
  }
  const std::string_view tenant = call.request().tenant();
  const auto hosted = services.hosted.find(HostedContexts::id_in(id), tenant);
  if (hosted && details)
    return call.send(Response{200, name_of(call.answer()), {}, details_of(*hosted, url_of(call, *hosted)), {}});
  // Who follows the URL of a Link header knows of no tenants.
  if (!details && (hosted || tenant.empty())) {
    if (auto document = services.hosted.document_of(id))
      return call.send(Response{200, name_of(call.answer()), {}, std::move(*document), {}});
  }
  const auto cached = cached_context(services, id);
  if (!cached) return call.fail(unknown_context(id));
  if (!details) {
    return call.fail(
        ProblemType::operation_not_supported,
        {Code::unsupported, "the content of a cached @context is not served here", id, "fetch it from its own URL"});
  }
  call.send(Response{200, name_of(call.answer()), {}, details_of(*cached), {}});
}

void reload_context(Call call) {
  const std::string id(call.request().path_value("contextId"));
  const auto status = call.services().contexts.reload(id);
  if (!status.ok()) return call.fail(ngsi::context_problem_of(status.error()), status.error());
  call.send(Response::empty());
}

// NGSI-LD: 5.13.5 delete and reload a context
void delete_context(Call call) {
  const std::string id(call.request().path_value("contextId"));
  Services& services = call.services();
  const auto reload = call.parameter("reload");
  if (reload && *reload != "true" && *reload != "false")
    return call.fail({Code::invalid, "must be true or false", "reload", {}});
  if (ngsi::is_core_context_url(id)) {
    // Reloaded they would be what they are.
    if (reload == "true") return call.send(Response::empty());
    return call.fail({Code::invalid, "the core @context is built in and stays", id, {}});
  }
  const std::string hosted_id(HostedContexts::id_in(id));
  const std::string tenant(call.request().tenant());
  if (const auto hosted = services.hosted.find(hosted_id, tenant)) {
    if (reload == "true") {
      return call.fail({Code::invalid, "only a cached @context can be reloaded", id, "delete it and add it again"});
    }
    const std::string url = url_of(call, *hosted);
    auto shared = std::make_shared<Call>(std::move(call));
    const bool found =
        services.hosted.remove(hosted_id, tenant, [shared](const base::Result<thread::Outcomes>& outcomes) {
          outcomes.ok() ? shared->send(Response::empty()) : shared->fail(outcomes.error());
        });
    if (!found) return shared->fail(unknown_context(id));
    return services.contexts.forget(url);
  }
  if (!cached_context(services, id)) return call.fail(unknown_context(id));
  if (reload == "true") {
    call.continue_on(services.fetching, reload_context);
    return;
  }
  services.contexts.forget(id);
  call.send(Response::empty());
}

Route route_of(Method method, const char* path, trust::Action action, const char* operation_id, const char* summary,
               int status, std::vector<Parameter> parameters = {}) {
  return {method, path, action, operation_id, {}, summary, {}, std::move(parameters), {}, {{status, "Done", {}}}};
}

}  // namespace

void add_context_operations(Router& router, Services& services) {
  const Parameter details = query_parameter("details", "Metadata instead of content", R"({"type":"boolean"})");
  Form document;
  document.body = Form::Body::document;
  Form read;
  read.answers = json_answers;
  add_operation(
      router, services,
      route_of(Method::post, "/jsonldContexts", trust::Action::administer, "createContext", "Host a @context", 201),
      document, add_context);
  add_operation(router, services,
                route_of(Method::get, "/jsonldContexts", trust::Action::read, "listContexts", "List @contexts", 200,
                         {details, query_parameter("kind", "Hosted, Cached or ImplicitlyCreated")}),
                read, list_contexts);
  add_operation(router, services,
                route_of(Method::get, "/jsonldContexts/{contextId}", trust::Action::read, "retrieveContext",
                         "Serve a @context", 200, {details}),
                read, serve_context);
  add_operation(router, services,
                route_of(Method::del, "/jsonldContexts/{contextId}", trust::Action::administer, "deleteContext",
                         "Delete or reload a @context", 204,
                         {query_parameter("reload", "Fetch a cached one again", R"({"type":"boolean"})")}),
                Form{}, delete_context);
}

}  // namespace cityloom::serve::ngsi_ld
