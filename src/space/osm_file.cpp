// libosmium reads PBF; XML we read ourselves, for the dialects that libosmium refuses.
#include "space/osm_file.hpp"

#include <simdjson.h>
#include <cerrno>
#include <osmium/io/pbf_input.hpp>
#include <osmium/io/reader.hpp>
#include <osmium/thread/pool.hpp>
#include <system_error>

#include "space/byte_source.hpp"
#include "space/osm_values.hpp"
#include "space/osm_xml.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr int pool_workers = 2;
constexpr size_t pool_queue = 16;

bool is_pbf_name(std::string_view file_name) {
  return file_name.ends_with(".pbf");
}

}  // namespace

base::Error OsmFile::damage(std::string_view reason) const {
  return fail(Code::corrupt,
              "The file is damaged or not of the kind its name says, at or after byte " + std::to_string(bytes_done_) +
                  " (" + excerpt(reason, 300) + "); nothing of it was imported",
              batch_.file(), "Download or export the file again");
}

base::Status OsmFile::take(osmium::memory::Buffer& buffer, uint64_t offset, uint64_t size, const Visit& visit) {
  if (batch_.is_cancelled()) {
    return fail(Code::cancelled, "The import was stopped: " + progress_text(batch_.report()), batch_.file());
  }
  if (auto status = visit(buffer); !status) return status;
  bytes_done_ = offset;
  batch_.show_progress(size * static_cast<uint64_t>(passes_done_) + bytes_done_, size * static_cast<uint64_t>(passes_));
  return {};
}

void OsmFile::end_pass(uint64_t size) {
  ++passes_done_;
  batch_.show_progress(size * static_cast<uint64_t>(passes_done_), size * static_cast<uint64_t>(passes_));
}

base::Status OsmFile::read_pbf(osmium::osm_entity_bits::type types, const Visit& visit) {
  osmium::io::File file = input_.path.empty() ? osmium::io::File(input_.bytes.data(), input_.bytes.size(), "pbf")
                                              : osmium::io::File(input_.path, "pbf");
  osmium::thread::Pool pool(pool_workers, pool_queue);
  osmium::io::Reader reader(file, types, pool);
  const uint64_t size = input_.path.empty() ? input_.bytes.size() : reader.file_size();
  while (osmium::memory::Buffer buffer = reader.read()) {
    if (auto status = take(buffer, reader.offset(), size, visit); !status) return status;
  }
  reader.close();
  end_pass(size);
  return {};
}

base::Status OsmFile::read_xml(osmium::osm_entity_bits::type types, const Visit& visit) {
  auto source = input_.open();
  if (!source) return std::move(source).error();
  const bool warns = passes_done_ == passes_ - 1;  // not once a pass
  OsmXmlReader reader(std::move(*source), types, [&](std::string object, std::string reason) {
    if (warns) batch_.warn(std::move(object), std::move(reason));
  });
  while (true) {
    auto buffer = reader.read();
    if (!buffer) {
      bytes_done_ = reader.offset();
      return buffer.error().code == Code::corrupt ? damage(buffer.error().what) : buffer.error();
    }
    if (!*buffer) break;
    if (auto status = take(*buffer, reader.offset(), reader.size(), visit); !status) return status;
  }
  end_pass(reader.size());
  return {};
}

base::Status OsmFile::read(osmium::osm_entity_bits::type types, const Visit& visit) {
  bytes_done_ = 0;
  try {
    return is_pbf_name(input_.name) ? read_pbf(types, visit) : read_xml(types, visit);
  } catch (const std::system_error& error) {
    if (error.code().value() == ENOENT) return fail(Code::not_found, "There is no such file", input_.path);
    if (error.code().value() == EACCES) return fail(Code::unavailable, "The file may not be read", input_.path);
    return damage(error.what());
  } catch (const std::bad_alloc&) {
    return fail(Code::too_large, "The file needs more memory than there is", batch_.file());
  } catch (const std::exception& exception) {
    return damage(exception.what());
  }
}

void read_tags(const osmium::TagList& from, OsmTags& to, const std::function<void(std::string_view)>& refused) {
  to.clear();
  for (const osmium::Tag& tag : from) {
    const std::string_view key = tag.key(), value = tag.value();
    if (simdjson::validate_utf8(key.data(), key.size()) && simdjson::validate_utf8(value.data(), value.size())) {
      to.add(key, value);
    } else if (simdjson::validate_utf8(key.data(), key.size())) {
      refused(key);
    } else {
      refused("?");
    }
  }
}

}  // namespace cityloom::space
