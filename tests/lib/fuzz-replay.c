// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs a fuzzer over files and folders of files, once each: how a plain build replays a corpus.
 * Takes the same entry point as libFuzzer, so a fuzzer is written once.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int n_files;

static int replay(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return -1;
	}
	if (S_ISDIR(st.st_mode)) {
		struct dirent **names;
		int n = scandir(path, &names, NULL, alphasort);
		for (int i = 0; i < n; i++) {
			char child[4096];
			if (names[i]->d_name[0] != '.') {
				snprintf(child, sizeof(child), "%s/%s", path, names[i]->d_name);
				replay(child);
			}
			free(names[i]);
		}
		free(names);
		return 0;
	}
	FILE *file = fopen(path, "rb");
	if (!file)
		return -1;
	/* Exactly as many bytes as the file has, so that the sanitizer sees a read past them. */
	size_t size = (size_t)st.st_size;
	uint8_t *data = malloc(size ? size : 1);
	size_t got = data ? fread(data, 1, size, file) : 0;
	fclose(file);
	if (data)
		LLVMFuzzerTestOneInput(data, got);
	free(data);
	n_files++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) != 0)
			return 1;
	printf("%d inputs replayed\n", n_files);
	return n_files > 0 ? 0 : 1;
}
