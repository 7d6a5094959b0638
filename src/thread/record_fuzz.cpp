// Fuzzes what reads stored bytes: pages of commits, chunks of history, entity records.
#include <xxhash.h>

#include "thread/chunk.hpp"
#include "twin/entity.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: {
      // With the right version and checksum, so that the fields are read at all.
      const uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
      for (const char version : {'\1', '\2'}) {
        std::string page(1, version);
        page.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum)).append(bytes);
        (void)thread::head_of_page(page).ok();
        (void)thread::unpack_page(page).ok();
      }
      break;
    }
    case 1:
      if (const auto chunk = thread::unpack_chunk(bytes)) {
        for (size_t i = 0; i < chunk->size(); ++i) (void)chunk->at(i);
      }
      break;
    case 2:
      if (const auto record = twin::EntityRecord::from_bytes(bytes)) (void)record->unpack();
      break;
    default: {
      thread::Chunk chunk;
      (void)thread::unpack_run(bytes, chunk).ok();
    }
  }
  return 0;
}
