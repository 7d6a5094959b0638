// Reads of SensorThings: what a path leads to, and the answer.
#pragma once

#include "serve/ogc/bounded_read.hpp"
#include "serve/response.hpp"
#include "serve/sta/listing.hpp"

namespace cityloom::serve::sta {

/// What a path leads to: a set, or a resource with what is asked of it.
struct Target {
  std::optional<Node> node;  ///< the last resource of the path
  const Navigation* way = nullptr;
  std::optional<Kind> set;  ///< a set: of a kind, or reached from the node by the way
  std::string property;     ///< of the node
  std::string view;         ///< "$ref", "$value", "$count", or empty
};

/// Follows a path. Errors: not_found, invalid, and those of the model.
base::Result<Target> follow(const std::vector<Step>& steps, const Model& model);

/// Answers a GET below /sta/v1.1. Errors: as above; `cancelled` as BoundedRead has it.
base::Result<Response> read(const ngsi_ld::Services& services, const Request& request, const ogc::Effort& effort);

/// The address of the root as the client reached it.
std::string root_of(const Request& request);

}  // namespace cityloom::serve::sta
