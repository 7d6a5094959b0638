// Which requests go on to registered sources, to whom, and in what dress. ETSI GS CIM 009
// clauses 4.3.6, 6.3.17, 6.3.18.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/registration.hpp"
#include "serve/ngsi/call.hpp"
#include "serve/ngsi/forwarder.hpp"

namespace cityloom::serve::ngsi_ld {

/// The way a request has come, and what those must know to whom it goes on.
struct Way {
  std::vector<std::string> aliases;  ///< of the brokers that it came through
  std::string via;                   ///< with our own name at the end
};

/// Where a request is served.
enum class Reached : uint8_t {
  here,      ///< only here: local=true, a branch or snapshot, the past by asOf, or nobody is registered
  beyond,    ///< here and at sources
  answered,  ///< it went in a circle, which it was told (508)
};
/// Whether a request is served here alone, whatever way it has come.
bool stays_here(const Call& call, const TenantState& tenant);
/// Finds that out, and the way.
Reached reached(Call& call, const TenantState& tenant, Way& way);
/// The way on from here of a request that came by this Via; nothing: it has come through here, or too many, before.
std::optional<Way> way_on(const Services& services, const TenantState& tenant, std::string via);
/// What is told then (508).
Response loop_response();

/// The sources that match what is asked for and were not asked on the way here. Errors: too_complex (too many).
base::Result<std::vector<SourcePointer>> sources_for(const Call& call, const TenantState& tenant,
                                                     const ngsi::SourceQuery& query, const Way& way);

/// How names are written for one source: by the context that it is registered with, else by that of the request.
struct SourceDress {
  ngsi::ContextPointer context;
  std::string context_url;
  bool inline_context = false;  ///< the body carries its @context itself

  std::string compact(const std::string& iri) const { return context->compact(iri); }
  std::string compact(const std::vector<std::string>& iris) const;
};
SourceDress dress_of(const Call& call, const Source& source);
/// The same without a request: `context` is that of the names, known to the source by its URL.
SourceDress dress_of(const Services& services, ngsi::ContextPointer context, std::string context_url,
                     const Source& source);

/// A request to a source: `target` is what follows /ngsi-ld/v1, `body` JSON with names as `dress` writes them.
OutgoingRequest request_to(const Call& call, const Source& source, const Way& way, const SourceDress& dress,
                           std::string method, std::string target, std::string body = {});

/// The same without a request: `from` is the one that set it off, or nullptr.
OutgoingRequest request_to(const Request* from, const Source& source, const Way& way, const SourceDress& dress,
                           std::string method, std::string target, std::string body = {});

/// A query parameter for a target, encoded: "type=Car"; with '&' or '?' before it as needed.
void add_parameter(std::string& target, std::string_view name, std::string_view value);

/// The value of an NGSILD-Warning header (table 6.3.17-1) about a source that did not answer as it should; empty if
/// there is nothing to say.
std::string warning_of(const SourceAnswer& answer);
/// The same for an answer that could not be read.
std::string warning_of_content(const Source& source, std::string_view why);

}  // namespace cityloom::serve::ngsi_ld
