"""SAEs on disk: the folder that we write and SAELens reads, and the files of SAELens, dictionary_learning and sparsify."""
