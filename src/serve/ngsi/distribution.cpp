// Ways of requests, and requests to sources.
#include "serve/ngsi/distribution.hpp"

#include <algorithm>
#include <array>

#include "ngsi/json.hpp"
#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "1.1 alias (comment), 1.1 other" gives the aliases.
std::vector<std::string> aliases_in(std::string_view via) {
  std::vector<std::string> aliases;
  for (std::string_view hop : split(via, ',')) {
    hop = trimmed(hop);
    const size_t space = hop.find(' ');
    if (space == std::string_view::npos) continue;
    hop = trimmed(hop.substr(space));
    aliases.emplace_back(hop.substr(0, hop.find(' ')));
  }
  return aliases;
}

bool is_header(std::string_view name, std::string_view value) {
  constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
  const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || token_marks.find(static_cast<char>(c)) != std::string_view::npos;
  });
  return is_token && std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// What contextSourceInfo cannot say: how the message is sent, which way it takes, and what means something to us.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 13> ours = {
      "accept",         "contentType",       "jsonldContext", "ngsildConformance",
      "content-length", "content-type",      "host",          "connection",
      "link",           "transfer-encoding", "via",           "ngsild-tenant",
      "upgrade"};
  return std::any_of(ours.begin(), ours.end(), [&](std::string_view one) { return same_without_case(one, name); });
}

std::string endpoint_of(const ngsi::Registration& registration) {
  std::string endpoint = registration.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.ends_with("/ngsi-ld/v1")) endpoint += "/ngsi-ld/v1";
  return endpoint;
}

}  // namespace

Response loop_response() {
  // An error of HTTP that the standard has no type for.
  return {508,
          "application/problem+json",
          {},
          std::string(R"({"type":"about:blank","title":"Loop detected","detail":"the request has come through here )"
                      R"(before, or through too many","status":508})"),
          {}};
}

std::optional<Way> way_on(const Services& services, const TenantState& tenant, std::string via) {
  Way way{aliases_in(via), std::move(via)};
  const std::string alias = services.alias_of(tenant.name);
  const bool is_circle = std::find(way.aliases.begin(), way.aliases.end(), alias) != way.aliases.end();
  if (is_circle || way.aliases.size() >= services.forwarder->options().hops_max) return std::nullopt;
  way.via += way.via.empty() ? "1.1 " + alias : ", 1.1 " + alias;
  return way;
}

bool stays_here(const Call& call, const TenantState& tenant) {
  // All types are asked for of what is kept here (clause 6.4.3.2).
  const bool is_local = call.flag("local") || call.parameter("type") == "*";
  if (tenant.registrations->empty() || is_local || call.parameter("asOf") || call.snapshot_id()) return true;
  const std::string_view branch = call.request().branch();
  return !branch.empty() && branch != "main";
}

Reached reached(Call& call, const TenantState& tenant, Way& way) {
  if (stays_here(call, tenant)) return Reached::here;
  auto on = way_on(call.services(), tenant, call.request().joined_header("Via"));
  if (!on) {
    call.send(loop_response());
    return Reached::answered;
  }
  way = std::move(*on);
  return Reached::beyond;
}

base::Result<std::vector<SourcePointer>> sources_for(const Call& call, const TenantState& tenant,
                                                     const ngsi::SourceQuery& query, const Way& way) {
  auto sources = tenant.registrations->matching(query);
  std::erase_if(sources, [&](const SourcePointer& source) {
    const std::string& alias = source->registration().source_alias;
    return !alias.empty() && std::find(way.aliases.begin(), way.aliases.end(), alias) != way.aliases.end();
  });
  const size_t most = call.services().forwarder->options().sources_max;
  if (sources.size() > most) {
    return base::fail(Code::too_complex, "more than " + std::to_string(most) + " registered sources match", {},
                      "narrow it by id, type, attrs or csf, or ask with local=true");
  }
  return sources;
}

std::string SourceDress::compact(const std::vector<std::string>& iris) const {
  std::string text;
  for (const std::string& iri : iris) {
    if (!text.empty()) text += ',';
    text += compact(iri);
  }
  return text;
}

SourceDress dress_of(const Call& call, const Source& source) {
  // The URL of an inline context is made where it is needed.
  std::string url;
  if (source.registration().info("jsonldContext").empty())
    url = call.uses_core() ? std::string(ngsi::core_context_url) : call.context_url();
  return dress_of(call.services(), call.context(), std::move(url), source);
}

SourceDress dress_of(const Services& services, ngsi::ContextPointer context, std::string context_url,
                     const Source& source) {
  const ngsi::Registration& registration = source.registration();
  const std::string_view own = registration.info("jsonldContext");
  SourceDress dress{std::move(context), std::move(context_url),
                    registration.info("contentType") == "application/ld+json" && own.empty()};
  if (own.empty()) return dress;
  std::string text;
  ngsi::append_quoted(own, text);
  dress.context_url = std::string(own);
  dress.context = services.contexts.ready(text);
  if (dress.context) return dress;
  // Until it has been fetched names go out in full, or as the core context has them: every context reads those alike.
  Lane::Task fetch = [text, &contexts = services.contexts] { (void)contexts.from_json(text); };
  (void)services.fetching.post(fetch);
  dress.context = ngsi::Context::core();
  dress.context_url = std::string(ngsi::core_context_url);
  return dress;
}

OutgoingRequest request_to(const Call& call, const Source& source, const Way& way, const SourceDress& dress,
                           std::string method, std::string target, std::string body) {
  return request_to(&call.request(), source, way, dress, std::move(method), std::move(target), std::move(body));
}

OutgoingRequest request_to(const Request* from, const Source& source, const Way& way, const SourceDress& dress,
                           std::string method, std::string target, std::string body) {
  const ngsi::Registration& registration = source.registration();
  OutgoingRequest request;
  request.method = std::move(method);
  request.url = endpoint_of(registration) + target;
  if (registration.is_local_only()) {
    std::string url = std::move(request.url);
    add_parameter(url, "local", "true");
    request.url = std::move(url);
  }
  const std::string_view accept = registration.info("accept");
  request.headers.emplace_back("Accept", accept.empty() ? "application/json" : std::string(accept));
  request.headers.emplace_back("Via", way.via);
  const bool carries_context = dress.inline_context && !body.empty();
  if (!carries_context) request.headers.emplace_back("Link", link_to_context(dress.context_url));
  if (!body.empty())
    request.headers.emplace_back("Content-Type", carries_context ? "application/ld+json" : "application/json");
  if (!registration.tenant.empty()) request.headers.emplace_back("NGSILD-Tenant", registration.tenant);
  if (const auto version = registration.info("ngsildConformance"); !version.empty())
    request.headers.emplace_back("Prefer", "ngsi-ld=" + std::string(version));
  for (const ngsi::KeyValue& pair : registration.source_info) {
    if (is_ours(pair.key)) continue;
    std::string value = pair.value;
    if (value == "urn:ngsi-ld:request") {
      const auto given = from == nullptr ? std::nullopt : from->header(pair.key);
      if (!given) continue;
      value = std::string(*given);
    }
    if (is_header(pair.key, value)) request.headers.emplace_back(pair.key, std::move(value));
  }
  request.body = std::move(body);
  return request;
}

void add_parameter(std::string& target, std::string_view name, std::string_view value) {
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += name;
  target += '=';
  target += percent_encoded(value);
}

std::string warning_of_content(const Source& source, std::string_view why) {
  std::string text = "111 " + source.registration().id + " ";
  ngsi::append_quoted("Revalidation Failed: " + std::string(why), text);
  return text;
}

std::string warning_of(const SourceAnswer& answer) {
  const std::string& id = answer.source->registration().id;
  std::string text;
  if (!answer.response.ok()) {
    const base::Error& error = answer.response.error();
    // An answer past our limit is one that cannot be taken.
    if (error.code == Code::too_large || error.code == Code::too_complex)
      return warning_of_content(*answer.source, error.what);
    const bool for_good = error.code == Code::forbidden || error.code == Code::invalid;
    text = (for_good ? "299 " : "199 ") + id + ' ';
    ngsi::append_quoted(error.what, text);
    return text;
  }
  const unsigned status = answer.response->status;
  if ((status >= 200 && status < 300) || status == 404 || status == 508) return {};
  text = "299 " + id + ' ';
  ngsi::append_quoted("the source answered " + std::to_string(status), text);
  return text;
}

}  // namespace cityloom::serve::ngsi_ld
